// The text field, its draft, its limit, and the menu beside it.

import { language, number, t } from "./chat-texts.js";

const $ = (id) => document.getElementById(id);
const LIMIT = 20_000;
const NEAR = 1_000;

const desk = matchMedia("(hover: hover) and (pointer: fine)");
const length = (text) => (text.length > LIMIT / 2 ? [...text].length : text.length);

/** `onSend(text)`, `onTyping()`, `onWords(words, isLanguage)` from the menu. */
export function openComposer({ store, languages, onSend, onTyping, onWords }) {
  const field = $("words");
  const button = $("send");

  function grow() {
    const composer = $("composer");
    if (!field.value) composer.classList.remove("tall");
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
    // more than a line on a narrow screen: the field gets the whole width, until it is empty again
    if (field.value && !composer.classList.contains("tall") && field.scrollHeight > 64) {
      composer.classList.add("tall");
      grow();
    }
  }

  function count() {
    const left = LIMIT - length(field.value);
    const stage = left < 0 ? "over" : left <= NEAR ? "near" : "";
    const text = stage ? t(stage === "over" ? "charsOver" : "charsLeft")(number(Math.abs(left))) : "";
    const el = $("count");
    el.textContent = text;
    // spoken when the limit comes near and when it is passed, not on every key
    if (el.dataset.stage !== stage) $("count-said").textContent = text;
    el.dataset.stage = stage;
    field.setAttribute("aria-invalid", String(stage === "over"));
    button.disabled = stage === "over" || !field.value.trim();
  }

  function refresh() {
    grow();
    count();
  }

  function submit() {
    const text = field.value.trim();
    if (!text || button.disabled) return;
    field.value = "";
    store.saveDraft("");
    refresh();
    field.focus();
    onSend(text);
  }

  function onKey(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const send = event.ctrlKey || event.metaKey || (desk.matches && !event.shiftKey && !event.altKey);
    if (!send) return;
    event.preventDefault();
    submit();
  }

  field.addEventListener("keydown", onKey);
  field.addEventListener("input", () => {
    store.saveDraft(field.value);
    refresh();
    onTyping();
  });
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  addEventListener("resize", grow);

  const menu = openMenu(languages, (words, isLanguage) => onWords(words, isLanguage));

  function put(text) {
    field.value = text;
    store.saveDraft(text);
    refresh();
  }

  return {
    refresh,
    drawMenu: menu.draw,
    show(shown) {
      $("composer").hidden = !shown;
      if (shown) refresh();
    },
    restore: () => put(store.draft()),
    /** Puts words back into the field, before whatever is already there. */
    bringBack(text) {
      put([text, field.value].filter(Boolean).join("\n"));
      field.focus();
    },
    /** Focus without making a phone's keyboard jump up. */
    focus: () => (desk.matches && !$("composer").hidden ? field : $("scroll")).focus({ preventScroll: true }),
    focusOnDesk: () => desk.matches && !$("composer").hidden && field.focus({ preventScroll: true }),
  };
}

function openMenu(languages, onWords) {
  const button = $("menu-button");
  const list = $("menu-list");

  function toggle(open, back = false) {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) list.querySelector("button")?.focus();
    else if (back) button.focus();
  }

  function item([label, words, what]) {
    const li = document.createElement("li");
    const press = document.createElement("button");
    press.type = "button";
    press.textContent = label;
    press.addEventListener("click", () => {
      toggle(false, true);
      onWords(words, what === "language");
    });
    li.append(press);
    return li;
  }

  function draw() {
    const wanted = t("menuItems").filter(([, , what]) => what !== "language" || languages.length > 1);
    list.replaceChildren(...wanted.map(item));
    list.lang = language();
  }

  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) return toggle(false, true);
    if (!step || list.hidden) return;
    event.preventDefault();
    const all = [...list.querySelectorAll("button")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  }

  button.addEventListener("click", () => toggle(list.hidden));
  button.parentElement.addEventListener("keydown", move);
  button.parentElement.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !button.parentElement.contains(event.relatedTarget)) toggle(false);
  });
  addEventListener("pointerdown", (event) => {
    if (!list.hidden && !button.parentElement.contains(event.target)) toggle(false);
  });
  return { draw };
}
