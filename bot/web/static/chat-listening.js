// Questions read aloud: fetched and played when somebody asks for it, one at a time.

import { spoken } from "./chat-api.js";
import { say } from "./chat-texts.js";
import { smallButton } from "./chat-view.js";

/** `credentials()` are what they are at the time. Returns what adds the button to a question. */
export function openListening(credentials) {
  const player = new Audio();
  let playing = null; // the button whose question is heard
  let link = "";

  function stop() {
    player.pause();
    URL.revokeObjectURL(link);
    if (playing) say(playing, "listen");
    playing = null;
  }

  async function play(button, path) {
    if (playing === button) return stop();
    stop();
    playing = button;
    say(button, "listenStop");
    try {
      const sound = await spoken(credentials(), path);
      if (playing !== button) return;
      link = URL.createObjectURL(sound);
      player.src = link;
      await player.play();
    } catch {
      if (playing === button) stop();
      say(button, "listenFailed");
      button.disabled = true;
    }
  }

  player.addEventListener("ended", stop);
  return (bubble, path) => {
    const button = smallButton("listen", () => play(button, path));
    button.classList.add("listen");
    bubble.append(button);
  };
}
