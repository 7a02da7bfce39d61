// Putting right what was taken down from a recording, where it stands.

import { say, t } from "./chat-texts.js";
import { make } from "./chat-view.js";

/**
 * Opens an editor in the bubble `el`. `save(text)` resolves once it is saved, or rejects with an ApiError;
 * `closed({text?, late?})` is called once: with the new text, with `late` when nothing can be changed any more.
 */
export function openFixing(el, text, { save, closed }) {
  const form = make("form", "fixing");
  const field = make("textarea");
  const told = make("p", "fixing-told");
  told.setAttribute("role", "alert");
  const button = say(make("button", "button button-main"), "fixSave");
  const cancel = say(make("button", "button button-plain"), "fixCancel");
  const buttons = make("p", "fixing-buttons");
  cancel.type = "button";
  field.value = text;
  field.dir = "auto";
  field.dataset.tLabel = "fixLabel";
  field.setAttribute("aria-label", t("fixLabel"));
  buttons.append(cancel, button);
  form.append(field, told, buttons);
  el.classList.add("is-fixing");
  el.append(form);
  grow();
  field.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });

  function grow() {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
    button.disabled = !field.value.trim();
  }

  function close(result = {}) {
    form.remove();
    el.classList.remove("is-fixing");
    closed(result);
  }

  async function submit() {
    const words = field.value.trim();
    if (!words || form.getAttribute("aria-busy") === "true") return;
    if (words === text.trim()) return close();
    form.setAttribute("aria-busy", "true");
    field.readOnly = true;
    say(told, "fixSaving");
    try {
      await save(words);
      close({ text: words });
    } catch (error) {
      if (error.status === 409 || error.denied) return close({ late: true });
      form.removeAttribute("aria-busy");
      field.readOnly = false;
      say(told, error.status === 413 ? "fixLong" : "fixFailed");
      field.focus();
    }
  }

  field.addEventListener("input", grow);
  cancel.addEventListener("click", () => close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    }
  });
}
