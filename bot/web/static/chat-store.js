// What this device keeps: the session, the draft, and messages not yet accepted by the server.

const memory = new Map(); // stands in where storage is forbidden (private windows)

function read(key) {
  try {
    return localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    /* kept in memory */
  }
}

function drop(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    /* nothing stored */
  }
}

function parse(text, fallback) {
  try {
    return JSON.parse(text) ?? fallback;
  } catch {
    return fallback;
  }
}

/** One interview on this device: a campaign, or one invitation to it. */
export function openStore(campaign, invitation) {
  const base = `miantan.chat.${campaign}${invitation ? `.${invitation}` : ""}`;
  const keys = { record: base, draft: `${base}.draft`, outbox: `${base}.outbox`, voices: `${base}.voices` };
  const outbox = () => parse(read(keys.outbox), []);

  return {
    name: base,
    record() {
      const record = parse(read(keys.record), null);
      return record?.session && record?.token ? record : null;
    },
    saveRecord: (record) => write(keys.record, JSON.stringify(record)),
    draft: () => read(keys.draft) ?? "",
    saveDraft: (text) => (text ? write(keys.draft, text) : drop(keys.draft)),
    outbox,
    /* read and written at once, so that two tabs do not lose each other's messages */
    enqueue: (entry) => write(keys.outbox, JSON.stringify([...outbox(), entry])),
    dequeue: (id) => write(keys.outbox, JSON.stringify(outbox().filter((entry) => entry.id !== id))),
    /* what became of the recordings that were sent: never the recordings themselves */
    voices: () => parse(read(keys.voices), []),
    saveVoices: (voices) => write(keys.voices, JSON.stringify(voices)),
    forgetSession() {
      drop(keys.record);
      drop(keys.outbox);
      drop(keys.voices);
    },
    forgetAll() {
      Object.values(keys).forEach(drop);
    },
  };
}

/** A random UUID, also where crypto.randomUUID is missing (plain http on a local network). */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
