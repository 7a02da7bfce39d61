// The phone's screen and its connection: how much of the page is seen, and whether the network is there.

import { say } from "./chat-texts.js";

const $ = (id) => document.getElementById(id);
const AWAY = 15_000;

/** Keeps the composer above the phone's keyboard, where the browser does not do so itself. */
export function fitScreen() {
  const seenPart = window.visualViewport;
  if (!seenPart || seenPart.scale > 1.01) return;
  const root = document.documentElement.style;
  root.setProperty("--app-height", `${seenPart.height}px`);
  root.setProperty("--app-top", `${seenPart.offsetTop}px`);
}

/** `onResize()` after the keyboard came or went. */
export function watchScreen(onResize) {
  window.visualViewport?.addEventListener("resize", () => {
    fitScreen();
    onResize();
  });
  window.visualViewport?.addEventListener("scroll", fitScreen);
}

/** "" | "offline" | "unreachable" in the line under the header. */
export function tellReach(problem) {
  const bar = $("offline");
  const key = navigator.onLine ? problem : "offline";
  if (bar.dataset.t === key) return;
  if (key) return void say(bar, key);
  delete bar.dataset.t;
  bar.textContent = "";
}

/** `onGone()` when the network goes, `onBack()` when it or the candidate is back. */
export function watchConnection({ onGone, onBack }) {
  let left = 0;
  addEventListener("offline", onGone);
  addEventListener("online", onBack);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left = Date.now();
    else if (Date.now() - left > AWAY) onBack();
  });
}
