// Messages on their way: kept on the device, sent one at a time and in order, sent again until accepted.

import { backoff } from "./chat-api.js";

/**
 * `post(credentials, entry)` sends one message;
 * `on` = { sending(entry), waiting(entry), accepted(entry, reply), refused(entry, error), denied(error), up(), down() }.
 * The server ignores an id it has seen, so sending again is always safe.
 */
export function openOutbox(store, post, on) {
  let credentials = null;
  let busy = false;
  let attempt = 0;
  let timer = 0;

  /** Whether to go on with the next one. */
  async function sendOne(entry) {
    on.sending(entry);
    let reply;
    try {
      reply = await post(credentials, entry);
    } catch (error) {
      return failed(entry, error);
    }
    store.dequeue(entry.id);
    attempt = 0;
    on.up();
    on.accepted(entry, reply);
    return true;
  }

  function failed(entry, error) {
    if (error.passing || error.denied) {
      store.outbox().forEach((kept) => on.waiting(kept));
      if (error.denied) on.denied(error);
      else retryLater(error.retryAfter * 1000 || backoff(attempt++));
      if (error.passing) on.down();
      return false;
    }
    store.dequeue(entry.id);
    on.refused(entry, error);
    return true;
  }

  function retryLater(ms) {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  async function flush() {
    clearTimeout(timer);
    if (busy || !credentials) return;
    busy = true;
    try {
      for (let entry; credentials && (entry = store.outbox()[0]); ) if (!(await sendOne(entry))) break;
    } finally {
      busy = false;
    }
  }

  return {
    add(entry) {
      store.enqueue(entry);
      if (attempt || !credentials) on.waiting(entry);
      return flush();
    },
    flush,
    /** Not to be sent any more. */
    remove(entry) {
      store.dequeue(entry.id);
      return flush();
    },
    open(newCredentials) {
      credentials = newCredentials;
      attempt = 0;
    },
    close() {
      credentials = null;
      clearTimeout(timer);
    },
    get pending() {
      return store.outbox().length;
    },
  };
}
