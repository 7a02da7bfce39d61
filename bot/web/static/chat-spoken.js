// Recordings in the conversation: on their way, waiting for their words, and the words, which can be put right.

import { openFixing } from "./chat-fixing.js";
import { say } from "./chat-texts.js";
import { make, smallButton } from "./chat-view.js";
import { announce, clock } from "./chat-voice.js";

const UNHEARD = "🎙"; // how a history shows a recording that could not be understood
const KEPT = 50;
const HASTE = 3 * 60_000; // how long the words are looked for often

/* What a bubble says of its recording: `word` beside its length, `mark` under it. */
const STAGES = {
  sending: { mark: "sending" },
  unsent: { mark: "unsent" },
  asking: { word: "voiceAsking", mark: "voiceReceived" },
  coming: { word: "voiceComing", mark: "saved" },
  heard: { mark: "voiceHeard" },
  fixed: { mark: "voiceFixed" },
  late: { mark: "voiceLate" },
  unheard: { word: "voiceUnheard", mark: "voiceNotCounted" },
  dropped: { mark: "voiceDropped" },
};
const WORDS = ["heard", "fixed", "late"];
const ON_THE_WAY = ["sending", "unsent"];

/**
 * `fixSeconds`: how long words can be put right; `onFix(id, text)` does so, rejects with an ApiError;
 * `onAgain(entry)` and `onDrop(entry)` on a recording that is not sent; `onJoined(id)`: what was typed is part of it.
 */
export function openSpoken({ view, store, fixSeconds, onFix, onAgain, onDrop, onJoined }) {
  let voices = []; // {id, seconds, stage, at, text?, el?, since?}, oldest first; the text is not kept on the device
  let joined = []; // {id, text} typed while words were to come
  let said = []; // words of which the bubble is there already
  let restoring = false; // what is drawn is past

  const find = (id) => voices.find((voice) => voice.id === id);
  const those = (stage) => voices.filter((voice) => voice.stage === stage);

  function save() {
    const kept = voices.filter(({ id, stage }) => id && !ON_THE_WAY.includes(stage)).slice(-KEPT);
    store.saveVoices(kept.map(({ id, seconds, stage, at }) => ({ id, seconds, stage, at })));
  }

  // --- drawing -------------------------------------------------------------------------------------------

  function summary({ seconds }, word) {
    const line = make("span", "voice-line");
    line.append(say(make("span"), "voice"));
    if (seconds) line.append(make("span", "voice-time", ` ${clock(seconds)}`));
    if (word) line.append(make("span", "", " · "), say(make("span", "voice-word"), word));
    return line;
  }

  function draw(voice) {
    voice.el ??= view.addOwn("", voice.id, { always: Boolean(voice.mine) });
    const { word, mark } = STAGES[voice.stage];
    voice.el.classList.add("voice");
    voice.el.dataset.voice = voice.stage;
    view.inPlace(() => {
      view.fill(voice.el, WORDS.includes(voice.stage) ? voice.text : summary(voice, word));
      view.mark(voice.el, mark, ...buttonsOf(voice));
    });
  }

  function buttonsOf(voice) {
    if (voice.stage === "unsent") {
      const drop = smallButton("voiceDrop", () => forget(voice));
      return voice.retry === false ? [drop] : [smallButton("retry", () => onAgain(voice)), drop];
    }
    return mayFix(voice) ? [smallButton("voiceEdit", () => edit(voice))] : [];
  }

  function become(voice, stage, more = {}) {
    Object.assign(voice, { stage }, more);
    draw(voice);
    save();
  }

  function forget(voice) {
    voices = voices.filter((other) => other !== voice);
    voice.el.remove();
    onDrop(voice);
    announce("voiceDiscarded");
  }

  // --- putting right -------------------------------------------------------------------------------------

  function mayFix({ stage, id, at }) {
    return ["heard", "fixed"].includes(stage) && Boolean(id) && Date.now() - at < fixSeconds * 1000;
  }

  /** Takes the button away when the time is over, unless its editor is open. */
  function watchTime(voice) {
    setTimeout(() => {
      if (!mayFix(voice) && !voice.el.classList.contains("is-fixing")) draw(voice);
    }, Math.max(voice.at + fixSeconds * 1000 - Date.now(), 0) + 50);
  }

  function edit(voice) {
    openFixing(voice.el, voice.text, {
      save(text) {
        said.push(text);
        return onFix(voice.id, text);
      },
      closed({ text, late }) {
        if (text) become(voice, "fixed", { text });
        else if (late) become(voice, "late");
        else draw(voice);
        if (text || late) announce(text ? "voiceFixedSaid" : "voiceLate");
        voice.el.scrollIntoView({ block: "nearest" });
        const back = voice.el.querySelector(".mark button");
        (back ?? document.getElementById("scroll")).focus({ preventScroll: true });
      },
    });
  }

  // --- what became of them -------------------------------------------------------------------------------

  /** What was understood: it takes the place of the recordings, and of what was typed meanwhile. */
  function heard({ of, text }) {
    const mine = of.map(find).filter(Boolean);
    const voice = mine.pop() ?? { id: of.at(-1), seconds: 0 };
    for (const other of mine) other.el?.remove();
    voices = voices.filter((other) => !mine.includes(other));
    if (!find(voice.id)) voices.push(voice);
    const seconds = [voice, ...mine].reduce((sum, each) => sum + (each.seconds ?? 0), 0);
    for (const piece of joined.splice(0)) if (text.includes(piece.text.trim())) onJoined(piece.id);
    const at = WORDS.includes(voice.stage) || restoring ? (voice.at ?? 0) : Date.now();
    become(voice, "heard", { text, seconds, at });
    watchTime(voice);
    if (!restoring) announce("voiceHeardSaid");
  }

  /** What could not be understood is marked; the reason is said in words. */
  function unheard({ of }) {
    for (const voice of of.map(find).filter(Boolean)) become(voice, "unheard");
  }

  function onTheWay({ id }, stage, more) {
    const voice = find(id);
    if (voice && ON_THE_WAY.includes(voice.stage)) become(voice, stage, more);
  }

  return {
    /** A recording is to be sent. */
    add(entry) {
      const voice = { id: entry.id, seconds: entry.seconds, stage: "sending", mine: true, at: 0 };
      voices.push(voice);
      draw(voice);
    },
    sending: (entry) => onTheWay(entry, "sending"),
    waiting: (entry, { retry = true } = {}) => onTheWay(entry, "unsent", { retry }),
    progress: (id, part) => find(id)?.el?.style.setProperty("--sent", String(part)),
    /** The server has it: it is taken down, or waits for the consent that the server asks for. */
    accepted({ id }, { messages }, cursor) {
      const voice = find(id);
      if (!voice || !ON_THE_WAY.includes(voice.stage)) return;
      const asked = messages.some((message) => message.options?.length);
      become(voice, asked ? "asking" : "coming", { at: Date.now(), since: cursor });
      announce(asked ? "voiceAsked" : "voiceSent");
    },
    refused(entry, reason, again) {
      const voice = find(entry.id);
      if (!voice) return;
      const buttons = [smallButton("voiceDrop", () => forget(voice))];
      if (again) buttons.unshift(smallButton("voiceAgain", () => onAgain(voice)));
      view.refuse(voice.el, reason, ...buttons);
    },
    /** What a typed message led to: consent to voice, or not; or it waits for the words. */
    answered(entry, { messages, state }, cursor) {
      if (!messages.length && those("coming").length) return void joined.push(entry);
      const agreed = messages.length === 1 && messages[0].kind === "notice" && state.status === "asking";
      for (const voice of those("asking")) {
        become(voice, agreed ? "coming" : "dropped", { at: Date.now(), since: cursor });
        if (agreed) view.closeChoice(); // nothing is asked, so nothing else would
      }
    },
    /** Of these messages, those of the candidate that a transcript among them says back have a bubble already. */
    expect(messages, seen) {
      const fresh = messages.filter(({ id, from }) => from === "candidate" && !seen.has(String(id)));
      const own = fresh.map(({ text }) => text);
      said.push(...messages.map(({ transcript }) => transcript?.text).filter((text) => own.includes(text)));
    },
    /** Whether words of the candidate in a history have their bubble. */
    takes(text) {
      const place = said.indexOf(text);
      if (place >= 0) said.splice(place, 1);
      return place >= 0;
    },
    /** Whether such words stand for a recording that could not be understood: in the past it is drawn as one, and
     * what comes now is told by its id as well. */
    takesUnheard(text) {
      if (text !== UNHEARD) return false;
      if (!restoring) return true;
      const known = voices.find(({ stage, el }) => stage === "unheard" && !el);
      become(known ?? { id: null, seconds: 0 }, "unheard");
      return true;
    },
    heard,
    unheard,
    /** `drawHistory` draws the past; recordings that it says nothing of yet come after it. */
    restore(drawHistory, cursor) {
      voices = store.voices();
      restoring = true;
      drawHistory();
      restoring = false;
      for (const voice of voices.filter(({ el, stage }) => !el && ["asking", "coming"].includes(stage))) {
        voice.since = cursor();
        draw(voice);
        if (voice.stage === "coming") view.closeChoice();
      }
    },
    /** Nothing of them comes any more. */
    end() {
      for (const voice of [...those("asking"), ...those("coming")]) become(voice, "dropped");
    },
    /** The message after which the words will come; "" while none are to come. */
    get since() {
      return those("coming").map(({ since }) => since ?? "0").at(0) ?? "";
    },
    /** Milliseconds until they are looked for again. */
    get pause() {
      const longest = Math.max(...those("coming").map(({ at }) => Date.now() - at));
      return longest < HASTE ? 2_000 : 10_000;
    },
  };
}
