// Draws the conversation. All text goes in as textContent: what people write is never markup.

import { language, langOf, say, t } from "./chat-texts.js";

const $ = (id) => document.getElementById(id);
const ASKING = new Set(["question", "consent", "report"]);

export function make(tag, className = "", text = "") {
  const el = document.createElement(tag);
  if (className) el.className = className;
  if (text) el.textContent = text;
  return el;
}

export function smallButton(key, act) {
  const button = say(make("button", "button-link"), key);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/** `onChoose(option)` when an option is pressed, `onRetry()` and `onEdit(entry)` on an unsent bubble. */
export function openView({ onChoose, onRetry, onEdit }) {
  const log = $("log");
  const scroll = $("scroll");
  const newer = $("newer");
  const bubbles = new Map(); // a message's own id → its element, for what this page sent
  let choice = null; // the options still open: {list, options, kind, chosen}
  let speaker = "";
  let typingTimer = 0;

  // --- scrolling -----------------------------------------------------------------------------------------

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 96;
  let following = true; // the reader is at the end, or where we put them
  let target = Infinity;
  let lastTop = 0;
  let batch = null;

  /** To the end, though never past `top`, the beginning of what is new. */
  function toEnd(top = Infinity) {
    target = top;
    following = true;
    scroll.scrollTop = Math.min(top, scroll.scrollHeight);
    lastTop = scroll.scrollTop;
    newer.hidden = atEnd();
  }

  function settle(follow, first) {
    if (follow) toEnd(first ? Math.max(first.offsetTop - 16, scroll.scrollTop) : Infinity);
    else newer.hidden = false;
  }

  function keepingPlace(draw, { always = false } = {}) {
    const follow = always || following;
    const el = draw();
    if (batch) batch.first ??= el;
    else settle(follow, el);
    return el;
  }

  /** Messages that come together are shown from the first of them. */
  function together(draw) {
    const follow = following;
    batch = { first: null };
    draw();
    const { first } = batch;
    batch = null;
    if (first) settle(follow, first);
  }

  scroll.addEventListener(
    "scroll",
    () => {
      const up = scroll.scrollTop < lastTop - 4;
      lastTop = scroll.scrollTop;
      if (atEnd()) [following, newer.hidden] = [true, true];
      else if (up) following = false;
    },
    { passive: true },
  );
  new ResizeObserver(() => following && toEnd(target)).observe(scroll);
  newer.addEventListener("click", () => {
    toEnd();
    scroll.focus({ preventScroll: true });
  });

  // --- messages ------------------------------------------------------------------------------------------

  function wordsOf(text) {
    const words = make("div", "words", text);
    words.dir = "auto";
    words.lang = langOf(text) || document.documentElement.lang;
    return words;
  }

  function row(from, kind, text) {
    const el = make("div", `msg ${from === "own" ? "msg-own" : "msg-theirs"} kind-${kind}`);
    const who = make("p", "who");
    if (speaker === from) who.classList.add("unseen");
    speaker = from;
    who.append(say(make("span"), { bot: "interviewer", person: "person", own: "you" }[from]), say(make("span", "unseen"), "colon"));
    el.append(who, wordsOf(text));
    return el;
  }

  function optionList(message) {
    const list = make("ul", "options");
    list.dataset.tLabel = "options";
    list.setAttribute("aria-label", t("options"));
    message.options.forEach((option, place) => {
      const button = make("button", `button ${message.kind === "consent" && place === 0 ? "button-main" : "button-plain"}`);
      button.type = "button";
      button.append(wordsOf(option.text));
      button.addEventListener("click", () => onChoose(option));
      const item = make("li");
      item.append(button);
      list.append(item);
    });
    return list;
  }

  function closeChoice() {
    if (!choice) return;
    choice.list.classList.add("options-past");
    [...choice.list.children].forEach((item, place) => {
      const { id, text } = choice.options[place];
      item.classList.toggle("chosen", id === choice.chosen);
      item.replaceChildren(wordsOf(text));
    });
    choice = null;
  }

  function addMessage(message) {
    const kind = ["question", "consent", "notice", "report"].includes(message.kind) ? message.kind : "text";
    if (choice && (ASKING.has(kind) || message.options?.length)) closeChoice();
    return keepingPlace(() => {
      const el = row(message.from === "recruiter" ? "person" : "bot", kind, String(message.text ?? ""));
      if (message.options?.length) {
        const list = optionList(message);
        choice = { list, options: message.options, kind, chosen: null };
        el.append(list);
      }
      log.append(el);
      return el;
    });
  }

  function markChosen(text) {
    const option = choice?.options.find((o) => o.id === text || o.text === text);
    if (option) choice.chosen = option.id;
    return option;
  }

  /** The candidate's words. `id` names a bubble this page may still have to send. */
  function addOwn(text, id = null, { always = true } = {}) {
    const option = markChosen(text);
    const el = row("own", "text", option?.text ?? text);
    el.append(make("p", "mark"));
    if (id) {
      bubbles.get(id)?.remove();
      bubbles.set(id, el);
    }
    keepingPlace(() => void log.append(el), { always });
    return el;
  }

  // --- the mark under a bubble ---------------------------------------------------------------------------

  function mark(el, key, ...more) {
    if (!el || (el.dataset.mark === key && el.querySelectorAll(".mark button").length === more.length)) return;
    el.dataset.mark = key;
    el.querySelector(".mark").replaceChildren(say(make("span"), key), ...more);
  }

  const saved = (el) => mark(el, "saved");
  const sending = (entry) => mark(bubbles.get(entry.id), "sending");
  const waiting = (entry, { retry = true } = {}) => {
    const end = atEnd();
    mark(bubbles.get(entry.id), "unsent", ...(retry ? [smallButton("retry", onRetry)] : []));
    if (end) toEnd();
  };

  function refused(entry, reason) {
    const el = bubbles.get(entry.id);
    if (!el) return;
    const edit = smallButton("edit", () => {
      onEdit(entry);
      remove(entry.id);
    });
    refuse(el, reason, edit);
  }

  function refuse(el, reason, ...buttons) {
    el.dataset.mark = "refused";
    el.querySelector(".mark").replaceChildren(make("span", "", reason), ...buttons);
    if (atEnd()) toEnd();
  }

  /** Puts a text, or an element, in the place of a bubble's words. */
  function fill(el, content) {
    const words = wordsOf(typeof content === "string" ? content : "");
    if (content instanceof Element) words.append(content);
    el.querySelector(".words").replaceWith(words);
  }

  /** Changes what is there already, without losing the end. */
  function inPlace(change) {
    const end = atEnd();
    change();
    if (end) toEnd();
  }

  function remove(id) {
    bubbles.get(id)?.remove();
    bubbles.delete(id);
  }

  // --- the rest ------------------------------------------------------------------------------------------

  function typing(on) {
    clearTimeout(typingTimer);
    const el = $("typing");
    if (on) {
      say($("typing-text"), "typing");
      $("typing-text").classList.add("unseen");
      typingTimer = setTimeout(() => $("typing-text").classList.remove("unseen") || say($("typing-text"), "slow"), 8000);
    }
    if (el.hidden === !on) return;
    const end = atEnd();
    el.hidden = !on;
    if (end && on) toEnd();
  }

  function loading(key, action) {
    const el = $("loading");
    el.hidden = !key;
    el.replaceChildren();
    if (key) el.append(say(make("span"), key));
    if (action) el.append(smallButton("tryNow", action));
  }

  /** Draws the past without reading it all out. */
  function quietly(draw) {
    log.setAttribute("aria-live", "off");
    draw();
    toEnd();
    setTimeout(() => log.setAttribute("aria-live", "polite"), 300);
  }

  return {
    addMessage,
    addOwn,
    fill,
    mark,
    inPlace,
    remove,
    refuse,
    saved,
    savedId: (id) => saved(bubbles.get(id)),
    own: (id) => bubbles.get(id),
    sending,
    waiting,
    refused,
    typing,
    loading,
    quietly,
    together,
    toEnd,
    note: (key) => {
      const el = addMessage({ kind: "notice", text: t(key) });
      el.classList.add("local");
      el.lang = language();
      return el;
    },
    closeChoice: (kinds) => choice && (kinds?.includes(choice.kind) ?? true) && closeChoice(),
    lockChoice: (locked) => choice?.list.querySelectorAll("button").forEach((b) => (b.disabled = locked)),
  };
}

// --- what surrounds the conversation -----------------------------------------------------------------------

export function drawHeader(config) {
  $("bar-company").textContent = config.company[language()];
  $("bar-title").textContent = config.title[language()];
  document.title = `${config.title[language()]} · ${config.company[language()]}`;
}

export function drawProgress(state, minutes) {
  const shown = state.total > 0 && !["consent", "erased", "expired", "withdrawn"].includes(state.status);
  $("progress").hidden = !shown;
  const bar = $("progress-bar");
  bar.max = Math.max(state.total || 1, 1);
  bar.value = shown ? state.answered : 0;
  if (!shown) return;
  $("progress-count").textContent = t("progress")(state.answered, state.total);
  const left = Math.round((minutes * (state.total - state.answered)) / state.total);
  const running = minutes > 0 && ["asking", "waiting", "paused"].includes(state.status) && state.answered < state.total;
  $("progress-time").textContent = running ? (left >= 1 ? t("minutesLeft")(left) : t("lastMinute")) : "";
}

/** The words above the composer while an interview is paused or with a person. */
export function drawBanner(status, onAction) {
  const banner = $("banner");
  if (alreadyDrawn(banner, status)) return;
  banner.hidden = !["paused", "human"].includes(status);
  if (banner.hidden) return banner.replaceChildren();
  const { title, body, action, words } = t(status);
  const text = make("div", "banner-text");
  text.append(make("p", "banner-title", title), make("p", "quiet", body));
  banner.replaceChildren(text);
  if (action) {
    const button = make("button", "button button-main", action);
    button.type = "button";
    button.addEventListener("click", () => onAction(words, action));
    banner.append(button);
  }
}

/** Takes the composer's place once nothing more can be written. `actions` = {again?, forget?}. */
export function drawEnding(status, company, { again, forget }) {
  const ending = $("ending");
  if (alreadyDrawn(ending, status)) return;
  const { title, body } = t(status);
  const buttons = make("div", "ending-buttons");
  if (again) buttons.append(endingButton("button button-main", t("startAgain"), again));
  if (forget) buttons.append(forgetButton(forget));
  ending.className = `ending ending-${status}`;
  ending.replaceChildren(make("h2", "ending-title", title), make("p", "", body(company[language()])), buttons);
  ending.hidden = false;
}

export function hideEnding() {
  $("ending").hidden = true;
  delete $("ending").dataset.drawn;
}

/** Drawing the same again would take the focus from its buttons. */
function alreadyDrawn(el, status) {
  const drawn = `${status}.${language()}`;
  if (el.dataset.drawn === drawn) return true;
  el.dataset.drawn = drawn;
  return false;
}

function endingButton(className, text, act) {
  const button = make("button", className, text);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

function forgetButton(forget) {
  let sure = false;
  const button = endingButton("button-link", t("forget"), () => {
    if (sure) return forget();
    sure = true;
    button.textContent = t("forgetSure");
  });
  return button;
}
