// Recordings that are not sent yet, kept on the device until they are: in IndexedDB, or in memory where there is none.

const STORE = "unsent";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });

/** Recordings of the interview `name` by the ids of their messages. A write that fails leaves them in memory. */
export function openBlobs(name) {
  const memory = new Map();
  let opening = null;

  function database() {
    if (!opening) {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      opening = done(request);
    }
    return opening;
  }

  async function use(mode, act) {
    try {
      const store = (await database()).transaction(STORE, mode).objectStore(STORE);
      return await done(act(store));
    } catch {
      return undefined; // kept in memory
    }
  }

  function drop(id) {
    memory.delete(id);
    return use("readwrite", (store) => store.delete(id));
  }

  return {
    put(id, blob) {
      memory.set(id, blob);
      return use("readwrite", (store) => store.put(blob, id));
    },
    get: async (id) => memory.get(id) ?? (await use("readonly", (store) => store.get(id))),
    drop,
    /** Deletes what no message is waiting for. */
    async keepOnly(ids) {
      const found = (await use("readonly", (store) => store.getAllKeys())) ?? [];
      await Promise.all([...found, ...memory.keys()].filter((id) => !ids.includes(id)).map(drop));
    },
    clear() {
      memory.clear();
      return use("readwrite", (store) => store.clear());
    },
  };
}
