// Answering by voice: the recorder, the recordings on their way, and the words that come of them.

import { ApiError, fix, history, send, upload } from "./chat-api.js";
import { openBlobs } from "./chat-blobs.js";
import { openSpoken } from "./chat-spoken.js";
import { uuid } from "./chat-store.js";
import { openVoice } from "./chat-voice.js";

/**
 * `outbox()`, `credentials()` and `cursor()` are what they are at the time; `receive(reply)` takes what the server
 * answers, `onSend()` is called when a recording is sent off, `onJoined(id)` when typed words became part of one.
 */
export function openSpeaking({ store, view, fixSeconds, outbox, credentials, cursor, receive, onSend, onJoined }) {
  const blobs = openBlobs(store.name);
  const isSpoken = (entry) => entry.seconds !== undefined;
  let timer = 0;
  let over = false;

  const voice = openVoice({
    onOpen: () => view.toEnd(),
    onSend(blob, seconds) {
      const entry = { id: uuid(), seconds };
      blobs.put(entry.id, blob);
      spoken.add(entry);
      outbox().add(entry);
      onSend();
    },
  });

  const spoken = openSpoken({
    view,
    store,
    fixSeconds,
    onFix: async (corrects, text) => receive(await fix(credentials(), { id: uuid(), text, corrects })),
    onAgain({ id, seconds }) {
      const isWaiting = store.outbox().some((entry) => entry.id === id);
      if (isWaiting) outbox().flush();
      else outbox().add({ id, seconds });
    },
    onDrop(entry) {
      blobs.drop(entry.id);
      outbox().remove(entry);
    },
    onJoined,
  });

  /** Looks for the words until all are there: the event stream may be late, and does not tell of all. */
  function awaitWords() {
    clearTimeout(timer);
    if (over || !spoken.since) return;
    timer = setTimeout(async () => {
      const reply = await history(credentials(), spoken.since).catch(() => null);
      if (reply && !over) receive(reply, true);
      awaitWords();
    }, spoken.pause);
  }

  return {
    voice,
    spoken,
    isSpoken,
    /** What draws a message of the candidate. */
    bubbles: (entry) => (isSpoken(entry) ? spoken : view),
    /** Sends what was written, or a recording. */
    async post(pass, entry) {
      if (!isSpoken(entry)) return send(pass, entry);
      const blob = await blobs.get(entry.id);
      if (!blob) throw new ApiError(410, "gone", "");
      return upload(pass, { id: entry.id, blob }, (part) => spoken.progress(entry.id, part));
    },
    accepted(entry, reply) {
      if (isSpoken(entry)) {
        blobs.drop(entry.id);
        spoken.accepted(entry, reply, cursor());
      } else {
        spoken.answered(entry, reply, cursor());
      }
      awaitWords();
    },
    /** Draws the past, and goes on waiting for what it says nothing of yet. */
    restore(unsent, drawHistory) {
      blobs.keepOnly(unsent.map(({ id }) => id));
      spoken.restore(drawHistory, cursor);
      awaitWords();
    },
    stop: () => (over = true),
    forget: () => blobs.clear(),
  };
}
