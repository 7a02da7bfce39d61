// Records the microphone. Nothing is cut, however long a pause is; at ten minutes it stops by itself.

const LIMIT = 599; // seconds; the server takes ten minutes
const TICK = 100;
const BITS = 48_000; // a second, of speech
const TYPES = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/ogg;codecs=opus"];
const SOUND = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** The best format that this browser records; "" where it records none. */
export function recordingType() {
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return "";
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

/** How loud it is now, from 0 to 1; always 0 where that cannot be measured. */
function openMeter(stream) {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) return { level: () => 0, close() {} };
  const context = new Context();
  const analyser = context.createAnalyser();
  const samples = new Float32Array(analyser.fftSize);
  context.createMediaStreamSource(stream).connect(analyser);
  context.resume().catch(() => {});
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const loud = 10 * Math.log10(power + 1e-9); // dB below full scale
      return Math.min(Math.max((loud + 60) / 50, 0), 1);
    },
    close: () => void context.close().catch(() => {}),
  };
}

/** Seconds that went by while it ran. */
function openClock() {
  let before = 0;
  let since = performance.now();
  const running = () => (since === null ? 0 : performance.now() - since);
  return {
    seconds: () => (before + running()) / 1000,
    rest() {
      before += running();
      since = null;
    },
    run: () => (since ??= performance.now()),
  };
}

/**
 * Asks for the microphone and records; rejects with the browser's error.
 * `onTick(seconds, level)` while it records, `onStop({blob, seconds, levels}, reason)` once at its end, with reason
 * "" (stopped here), "limit" (ten minutes are full) or "lost" (the microphone is gone).
 */
export async function record({ onTick, onStop }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
  const release = () => stream.getTracks().forEach((track) => track.stop());
  try {
    return begin(stream, release, { onTick, onStop });
  } catch (error) {
    release();
    throw error;
  }
}

function begin(stream, release, { onTick, onStop }) {
  const recorder = new MediaRecorder(stream, { mimeType: recordingType(), audioBitsPerSecond: BITS });
  const parts = [];
  const levels = [];
  let reason = "";
  recorder.addEventListener("dataavailable", ({ data }) => data.size && parts.push(data));
  recorder.addEventListener("stop", finish);
  recorder.addEventListener("error", () => stop("lost"));
  stream.getAudioTracks()[0].addEventListener("ended", () => stop("lost"));
  recorder.start(1000); // in parts, so that what was said before an error is there
  const meter = openMeter(stream);
  const clock = openClock();
  const timer = setInterval(tick, TICK);

  function tick() {
    if (recorder.state !== "recording") return;
    const seconds = clock.seconds();
    const level = meter.level();
    levels.push(level);
    onTick(seconds, level);
    if (seconds >= LIMIT) stop("limit");
  }

  function free() {
    clearInterval(timer);
    clock.rest();
    meter.close();
    release();
  }

  function finish() {
    free();
    onStop({ blob: new Blob(parts, { type: recorder.mimeType }), seconds: clock.seconds(), levels }, reason);
  }

  function stop(why = "") {
    if (recorder.state === "inactive") return;
    reason = why;
    clock.rest();
    recorder.stop();
  }

  return {
    pause() {
      if (recorder.state !== "recording") return;
      recorder.pause();
      clock.rest();
    },
    resume() {
      if (recorder.state !== "paused") return;
      recorder.resume();
      clock.run();
    },
    stop: () => stop(),
    /** Forget all of it. */
    abandon() {
      recorder.removeEventListener("stop", finish);
      if (recorder.state !== "inactive") recorder.stop();
      free();
      parts.length = 0;
    },
  };
}
