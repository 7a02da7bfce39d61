// The microphone beside the text field: record, pause, listen, and then send or discard.

import { record, recordingType } from "./chat-recorder.js";
import { say } from "./chat-texts.js";

const $ = (id) => document.getElementById(id);
const BARS = 64;
const NEARLY = 9 * 60; // seconds, when the end at ten minutes is told
const HUSH = 4; // seconds without a sound after which the microphone is doubted
const SOUND = 0.12; // a level from which something is heard
const SLOW = 3; // ticks between two looks of the meter where motion is to be reduced
const PROBLEMS = { NotAllowedError: "micRefused", SecurityError: "micRefused", NotFoundError: "micMissing" };
const BUTTONS = {
  opening: ["drop"],
  recording: ["discard", "pause", "stop"],
  paused: ["discard", "resume", "stop"],
  review: ["discard", "listen", "send"],
  playing: ["discard", "quiet", "send"],
  sure: ["drop", "keep"],
};
const FIRST = { recording: "stop", paused: "resume", review: "send", playing: "quiet", sure: "keep" };

const still = matchMedia("(prefers-reduced-motion: reduce)");
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const loudest = (levels) => levels.reduce((most, level) => Math.max(most, level), 0);

/** Says something to those who do not see it. */
export function announce(key) {
  const said = $("voice-said");
  if (said) say(said, key);
}

/** Where voice is not taken, or not recorded by this browser: nothing to press. */
const SILENT = { show() {}, close() {}, busy: false };

/** `onOpen()` when the recorder takes its room, `onSend(blob, seconds)` with what is to be sent. */
export function openVoice({ onOpen, onSend }) {
  if (!$("mic") || !recordingType()) return SILENT;

  const meter = openBars($("recorder-meter"));
  const sound = new Audio();
  let stage = ""; // "" | opening | recording | paused | review | playing
  let sure = false; // whether it is asked if the recording is to be discarded
  let goesOn = false; // after that question
  let running = null; // what records
  let made = null; // the recording: {blob, seconds, levels}
  let turn = 0; // of opening the microphone: an answer that comes too late is not wanted

  // --- drawing -------------------------------------------------------------------------------------------

  function draw(focus = true) {
    const shown = sure ? "sure" : stage;
    const had = $("recorder").contains(document.activeElement) || document.activeElement === $("mic");
    $("recorder").hidden = !stage;
    $("recorder").dataset.stage = shown;
    $("mic").setAttribute("aria-pressed", String(Boolean(stage)));
    for (const button of $("recorder").querySelectorAll("button")) {
      button.hidden = !BUTTONS[shown]?.includes(button.id.replace("recorder-", ""));
    }
    if (stage) say($("recorder-word"), `voice_${shown}`);
    $("recorder-time").hidden = sure || stage === "opening";
    $("recorder-meter").hidden = sure || stage === "opening";
    if (focus && had && FIRST[shown]) $(`recorder-${FIRST[shown]}`).focus({ preventScroll: true });
  }

  function note(key) {
    const el = $("recorder-note");
    if (key === (el.dataset.t ?? "")) return;
    if (key) return void say(el, key);
    delete el.dataset.t;
    el.textContent = "";
  }

  function problem(key) {
    const el = $("voice-problem");
    if (key) return void say(el, key);
    delete el.dataset.t;
    el.textContent = "";
  }

  function tell(seconds) {
    $("recorder-time").textContent = clock(seconds);
  }

  // --- recording -----------------------------------------------------------------------------------------

  async function open() {
    if (stage) return $("recorder").querySelector("button:not([hidden])").focus();
    const mine = (turn += 1);
    stage = "opening";
    problem("");
    note("");
    draw();
    onOpen();
    try {
      const recorder = await record({ onTick, onStop });
      if (mine !== turn) return recorder.abandon();
      running = recorder;
    } catch (error) {
      if (mine === turn) refuse(error);
      return;
    }
    stage = "recording";
    made = null;
    meter.begin();
    tell(0);
    draw();
    onOpen();
    announce("voiceBegun");
  }

  function refuse(error) {
    stage = "";
    draw();
    problem(PROBLEMS[error.name] ?? "micFailed");
    $("mic").focus({ preventScroll: true });
  }

  function onTick(seconds, level) {
    tell(seconds);
    meter.add(level);
    if (seconds >= NEARLY) note("voiceNearly");
    else if (seconds >= HUSH && meter.most < SOUND) note("voiceHush");
    else note("");
  }

  function onStop(recording, reason) {
    running = null;
    if (!recording.blob.size) {
      close();
      return problem("micFailed");
    }
    made = recording;
    sound.src = URL.createObjectURL(recording.blob);
    stage = "review";
    sure = false;
    meter.whole(recording.levels);
    tell(recording.seconds);
    note({ limit: "voiceFull", lost: "voiceLost" }[reason] ?? (loudest(recording.levels) < SOUND ? "voiceHush" : ""));
    draw();
    announce("voiceStopped");
  }

  const pause = () => {
    running.pause();
    stage = "paused";
    draw();
    announce("voicePaused");
  };
  const resume = () => {
    running.resume();
    stage = "recording";
    draw();
    announce("voiceResumed");
  };

  // --- listening -----------------------------------------------------------------------------------------

  const listen = () => sound.play().catch(() => problem("voiceNoSound"));
  const quiet = () => {
    sound.pause();
    sound.currentTime = 0;
  };
  sound.addEventListener("play", () => {
    stage = "playing";
    draw();
  });
  for (const end of ["pause", "ended"]) {
    sound.addEventListener(end, () => {
      if (stage !== "playing") return;
      stage = "review";
      meter.played(0);
      tell(made.seconds);
      draw();
    });
  }
  sound.addEventListener("timeupdate", () => {
    if (stage !== "playing") return;
    tell(sound.currentTime);
    meter.played(sound.currentTime / made.seconds);
  });

  // --- the end of it -------------------------------------------------------------------------------------

  /** Away with the panel and all that it holds. */
  function close() {
    turn += 1;
    running?.abandon();
    running = made = null;
    sure = false;
    stage = "";
    if (sound.src) {
      sound.pause();
      URL.revokeObjectURL(sound.src);
      sound.removeAttribute("src");
    }
    note("");
    const had = $("recorder").contains(document.activeElement);
    draw(false);
    if (had && !$("mic").hidden) $("mic").focus({ preventScroll: true });
  }

  function send() {
    const { blob, seconds } = made;
    close();
    announce("voiceSent");
    onSend(blob, seconds);
  }

  function ask() {
    goesOn = stage === "recording";
    if (goesOn) running.pause();
    if (stage === "playing") quiet();
    sure = true;
    draw();
    $("recorder-keep").focus({ preventScroll: true });
  }

  function keep() {
    sure = false;
    if (goesOn) running?.resume();
    draw();
  }

  function drop() {
    const recorded = stage !== "opening";
    close();
    if (recorded) announce("voiceDiscarded");
  }

  function onKey(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !stage) return;
    if (event.target.closest(".menu, .fixing")) return;
    event.preventDefault();
    if (sure) keep();
    else if (stage === "opening") drop();
    else ask();
  }

  const acts = { discard: ask, pause, resume, stop: () => running.stop(), listen, quiet, send, keep, drop };
  for (const [name, act] of Object.entries(acts)) $(`recorder-${name}`).addEventListener("click", act);
  $("mic").addEventListener("click", open);
  $("composer").addEventListener("submit", () => problem(""));
  addEventListener("keydown", onKey);
  addEventListener("beforeunload", (event) => made || running ? event.preventDefault() : undefined);

  return {
    close,
    /** Whether there is something to press; a recording that was begun stays. */
    show(shown) {
      $("mic").hidden = !shown;
      $("composer").classList.toggle("speaking", shown);
      if (!shown) problem("");
    },
    /** Whether the candidate is speaking, or looks at what was recorded. */
    get busy() {
      return Boolean(stage);
    },
  };
}

/** The bars of the meter: the latest levels, or those of a whole recording and how far it was played. */
function openBars(box) {
  const bars = Array.from({ length: BARS }, () => document.createElement("i"));
  box.replaceChildren(...bars);
  let levels = [];
  let most = 0;

  const set = (values) => bars.forEach((bar, place) => bar.style.setProperty("--level", String(values[place] ?? 0)));
  const steps = (level) => bars.map((_, place) => (place < level * BARS ? 0.5 : 0));

  return {
    begin() {
      levels = [];
      most = 0;
      set([]);
      this.played(0);
    },
    add(level) {
      levels.push(level);
      most = Math.max(most, level);
      if (!still.matches) set([...Array(BARS).fill(0), ...levels].slice(-BARS));
      else if (levels.length % SLOW === 0) set(steps(level));
    },
    whole(all) {
      const at = (place) => Math.floor((place * all.length) / BARS);
      set(bars.map((_, place) => loudest(all.slice(at(place), Math.max(at(place + 1), at(place) + 1)))));
    },
    played: (part) => bars.forEach((bar, place) => bar.classList.toggle("played", part > 0 && place < part * BARS)),
    get most() {
      return most;
    },
  };
}
