// The candidate's chat: wires the store, the API, the outbox, the conversation, the composer and the voice together.

import { backoff, follow, history, pause, start } from "./chat-api.js";
import { openComposer } from "./chat-composer.js";
import { openListening } from "./chat-listening.js";
import { openOutbox } from "./chat-outbox.js";
import { fitScreen, tellReach, watchConnection, watchScreen } from "./chat-screen.js";
import { openSpeaking } from "./chat-speaking.js";
import { openStore, uuid } from "./chat-store.js";
import { language, other, say, speak, t } from "./chat-texts.js";
import { drawBanner, drawEnding, drawHeader, drawProgress, hideEnding, openView } from "./chat-view.js";

const $ = (id) => document.getElementById(id);
const ENDED = ["finished", "withdrawn", "erased", "expired"];
const SPEAKING = ["asking", "waiting", "paused"];
const PATIENCE = 3 * 60_000;
const UNLOADED = "?"; // written before any message was there: like nothing in the history

const config = JSON.parse(document.body.dataset.config);
const store = openStore(config.campaign, config.invitation);

let record = store.record(); // {session, token, lang, noted}
let state = { status: "consent", question: null, answered: 0, total: 0 };
let ending = ""; // what stands in the composer's place
let stream = null;
let cursor = null; // the last message received in order
let quietTimer = 0;
let reachTimer = 0;
const seen = new Set();
const unmatched = new Map(); // own messages the server has not shown us yet: id → entry
const confirmed = new Set(); // own messages seen in the server's history though not yet acknowledged

const view = openView({
  onChoose(option) {
    view.lockChoice(true);
    deliver(option.id, option.text);
    composer.focus();
  },
  onRetry: () => backAgain(),
  onEdit: (entry) => composer.bringBack(entry.text),
});

const composer = openComposer({
  store,
  languages: config.languages,
  onSend: (text) => deliver(text),
  onTyping: waitPatiently,
  onWords(words, isLanguage) {
    if (isLanguage) setLanguage(other());
    deliver(words);
  },
});

const speaking = openSpeaking({
  store,
  view,
  fixSeconds: config.voice?.fix ?? 0,
  outbox: () => outbox,
  credentials: () => record,
  cursor: () => cursor,
  receive: (reply, inOrder = false) => receiveAll(reply, inOrder),
  onSend: waitPatiently,
  onJoined(id) {
    unmatched.delete(id);
    view.remove(id);
  },
});
const { spoken, voice, isSpoken, bubbles } = speaking;
const listening = openListening(() => record);

const outbox = openOutbox(store, speaking.post, {
  sending(entry) {
    if (confirmed.has(entry.id)) return;
    bubbles(entry).sending(entry);
    view.typing(!isSpoken(entry));
  },
  waiting(entry) {
    view.typing(false);
    if (!confirmed.has(entry.id)) bubbles(entry).waiting(entry);
  },
  accepted(entry, reply) {
    if (!isSpoken(entry)) view.savedId(entry.id);
    view.typing(outbox.pending > 0);
    receiveAll(reply, false);
    speaking.accepted(entry, reply);
    if (!outbox.pending) view.lockChoice(false);
  },
  refused(entry, error) {
    view.typing(false);
    bubbles(entry).refused(entry, refusal(error, entry), ![409, 410].includes(error.status));
    view.lockChoice(false);
    if (error.status === 409) stream?.kick();
  },
  denied: () => deny(),
  up: () => reach(""),
  down: () => reach("unreachable"),
});

function refusal(error, entry) {
  if (error.status === 409) return t("refusedEnded");
  if (error.status === 410) return t("voiceGone");
  if (error.status === 413) return t(isSpoken(entry) ? "voiceLarge" : "refusedLong");
  if (error.code.startsWith("voice_")) return error.message;
  return t("refusedOther")(error.message);
}

// --- the first screen ----------------------------------------------------------------------------------------

function showStart() {
  const button = $("start-button");
  button.disabled = false;
  button.addEventListener("click", begin);
  for (const radio of document.querySelectorAll("input[name=language]")) {
    radio.checked = radio.value === language();
    radio.addEventListener("change", () => setLanguage(radio.value));
  }
}

async function begin() {
  const button = $("start-button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  $("start-problem").hidden = true;
  try {
    const body = { language: language(), ...(config.invitation ? { invitation: config.invitation } : {}) };
    const reply = await start(config.campaign, body);
    record = { session: reply.session, token: reply.token, lang: language(), noted: [] };
    store.saveRecord(record);
    // Begun elsewhere, with the same invitation: the whole conversation is fetched.
    if (reply.state.status !== "consent") return await resume();
    openChat();
    receiveAll(reply, true);
    connect();
    composer.focus();
  } catch (error) {
    startProblem(error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function startProblem(error) {
  const problem = $("start-problem");
  problem.hidden = false;
  if (error.status === 404) say(problem, "startMissing");
  else if (error.code.startsWith("invitation_")) say(problem, error.code);
  else if (error.status === 0 || error.status >= 500) say(problem, "startFailed");
  else if (error.status) problem.textContent = t("startRefused")(error.message);
  else throw error;
}

// --- opening and reopening the chat --------------------------------------------------------------------------

function openChat() {
  $("start").hidden = true;
  $("chat").hidden = false;
  drawHeader(config);
  composer.drawMenu();
  composer.restore();
  fitScreen();
}

async function resume() {
  openChat();
  view.loading("loading");
  for (let attempt = 0; ; attempt += 1) {
    try {
      return resumed(await history(record));
    } catch (error) {
      if (error.denied) return deny();
      if (!error.passing) throw error;
      view.loading("loadFailed", () => wake());
      reach("unreachable");
      await Promise.race([pause(backoff(attempt)), new Promise((done) => (wake = done))]);
    }
  }
}

let wake = () => {};

function resumed(reply) {
  view.loading("");
  reach("");
  const unsent = store.outbox();
  for (const entry of unsent) if (!isSpoken(entry) && !view.own(entry.id)) unmatched.set(entry.id, entry);
  view.quietly(() => {
    speaking.restore(unsent, () => receiveAll(reply, true));
    for (const entry of unsent) if (!confirmed.has(entry.id)) showOwn(entry);
  });
  connect();
  composer.focusOnDesk();
}

function connect() {
  outbox.open(record);
  outbox.flush();
  if (ending === "erased") return;
  stream = follow(record, {
    cursor: () => cursor,
    onMessage(message, id) {
      receive(message, true);
      if (id) cursor = id;
    },
    onState: applyState,
    onMissed: (reply) => receiveAll(reply, true),
    onUp() {
      reach("");
      outbox.flush();
    },
    onDown: () => (reachTimer ||= setTimeout(() => reach("unreachable"), 3000)),
    onDenied: () => deny(),
  });
}

// --- messages ------------------------------------------------------------------------------------------------

function receiveAll({ messages = [], state: next }, inOrder) {
  spoken.expect(messages, seen);
  view.together(() => messages.forEach((message) => receive(message, inOrder)));
  if (next) applyState(next);
}

/** Every message once, whichever way it comes; only what comes in order moves the cursor. */
function receive(message, inOrder) {
  const id = String(message.id);
  if (inOrder && message.from !== "candidate" && Number(id) > Number(cursor)) cursor = id;
  if (seen.has(id)) return;
  if (message.from === "candidate") receiveOwn(message);
  else if (message.transcript?.text) spoken.heard(message.transcript);
  else {
    if (message.transcript) spoken.unheard(message.transcript);
    const bubble = view.addMessage(message);
    if (message.audio) listening(bubble, message.audio);
  }
  seen.add(id);
  waitPatiently();
}

function receiveOwn(message) {
  const text = String(message.text ?? "");
  if (spoken.takes(text)) return;
  const entry = findUnmatched(message, text.trim());
  if (!entry && spoken.takesUnheard(text)) return;
  if (!entry) return view.saved(view.addOwn(text, null, { always: false }));
  unmatched.delete(entry.id);
  confirmed.add(entry.id);
  if (!view.own(entry.id)) view.addOwn(entry.text, entry.id);
  view.savedId(entry.id);
}

function findUnmatched(message, text) {
  for (const entry of unmatched.values()) {
    const same = [message.id, message.client_id].includes(entry.id);
    const alike = [entry.text, entry.shown].includes(text) && (!entry.after || seen.has(entry.after));
    if (same || alike) return entry;
  }
  return null;
}

function showOwn(entry) {
  if (isSpoken(entry)) return void (spoken.add(entry), spoken.waiting(entry));
  if (!unmatched.has(entry.id) || entry.after === UNLOADED) {
    unmatched.set(entry.id, { ...entry, after: [...seen].at(-1) ?? null });
  }
  view.addOwn(entry.shown, entry.id);
  view.waiting(entry);
}

/** Sends `text`; the candidate sees `shown`. From here on it is on the device until the server has it. */
function deliver(text, shown = text) {
  const entry = { id: uuid(), text, shown, after: [...seen].at(-1) ?? UNLOADED };
  unmatched.set(entry.id, entry);
  view.addOwn(shown, entry.id);
  outbox.add(entry);
  waitPatiently();
}

function retryNow() {
  outbox.flush();
  stream?.kick();
}

// --- state ---------------------------------------------------------------------------------------------------

function applyState(next) {
  state = next;
  if (next.language && config.languages.includes(next.language)) setLanguage(next.language);
  if (ending === "denied") return;
  ending = ENDED.includes(next.status) ? next.status : "";
  if (ending) view.closeChoice(["question", "consent"]);
  if (ending && ending !== "finished") spoken.end();
  drawState();
  waitPatiently();
  if (ending === "erased") forgetErased();
}

function drawState() {
  drawProgress(state, config.minutes);
  drawBanner(ending ? "" : state.status, (words) => deliver(words));
  const writing = $("composer").contains(document.activeElement);
  composer.show(!ending);
  voice.show(SPEAKING.includes(state.status) && !ending);
  if (ending) voice.close();
  if (ending) drawEnding(ending, config.company, endingActions());
  else hideEnding();
  if (ending && writing) $("ending").focus({ preventScroll: true });
}

function endingActions() {
  const forget = () => {
    forgetHere();
    location.reload();
  };
  if (ending === "denied" || ending === "expired") return { again: startAgain };
  return ending === "erased" ? {} : { forget };
}

function forgetHere() {
  speaking.forget();
  store.forgetAll();
}

/** A new session; what was written and not sent yet goes into the text field. */
function startAgain() {
  const unsent = store.outbox().map((entry) => entry.shown);
  speaking.forget();
  store.saveDraft([...unsent, store.draft()].filter(Boolean).join("\n"));
  store.forgetSession();
  location.reload();
}

function deny() {
  if (ending === "denied") return;
  ending = "denied";
  stream?.stop();
  outbox.close();
  speaking.stop();
  store.outbox().forEach((entry) => bubbles(entry).waiting(entry, { retry: false }));
  view.loading("");
  view.typing(false);
  reach("");
  drawState();
  $("ending").focus({ preventScroll: true });
}

function forgetErased() {
  stream?.stop();
  outbox.close();
  forgetHere();
  const own = [...document.querySelectorAll("#log .msg-own")].at(-1);
  while (own && $("log").firstChild !== own) $("log").firstChild.remove();
  own?.remove();
}

// --- language, patience, connection, screen ------------------------------------------------------------------

function setLanguage(lang) {
  if (lang === language()) return;
  speak(lang);
  if (!record) return;
  record.lang = lang;
  store.saveRecord(record);
  drawHeader(config);
  composer.drawMenu();
  composer.refresh();
  drawState();
}

/** After a long silence over an open question, once a question: there is no hurry. */
function waitPatiently() {
  clearTimeout(quietTimer);
  if (state.status !== "asking" || !state.question || record?.noted?.includes(state.question)) return;
  quietTimer = setTimeout(() => {
    if (document.hidden || outbox.pending || voice.busy || spoken.since) return waitPatiently();
    record.noted = [...(record.noted ?? []), state.question];
    store.saveRecord(record);
    view.note("patience");
  }, PATIENCE);
}

/** "" | "offline" | "unreachable" in the line under the header. */
function reach(problem) {
  clearTimeout(reachTimer);
  reachTimer = 0;
  tellReach(problem);
}

function backAgain() {
  reach(outbox.pending ? "unreachable" : "");
  wake();
  retryNow();
}

speak(record?.lang ?? config.lang);
watchConnection({ onGone: () => record && reach("offline"), onBack: () => record && backAgain() });
watchScreen(() => document.activeElement === $("words") && view.toEnd());
if (record) resume();
else showStart();
