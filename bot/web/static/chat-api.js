// The chat API: requests with a time limit, and the event stream with reconnection.

const ROOT = "/api/v1/chat";
const TIME_LIMIT = 30_000;
const SILENCE_LIMIT = 60_000; // a stream without even a heartbeat for this long is taken for dead
const STALL_LIMIT = 60_000; // and an upload of which no byte moves

export class ApiError extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }
  /** Worth sending again as it is: no connection, overload, or a server in trouble. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
  /** The session cannot be reached with this token. */
  get denied() {
    return this.status === 401 || this.status === 404;
  }
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
export const backoff = (attempt) => Math.min(1000 * 2 ** attempt, 30_000) * (0.75 + Math.random() / 2);

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});
const sessionPath = (session, rest) => `${ROOT}/sessions/${encodeURIComponent(session)}/${rest}`;

function errorOf(status, body, retryAfter) {
  const { code = "", message = "" } = body?.error ?? {};
  return new ApiError(status, code, String(message), Number(retryAfter) || 0);
}

async function failure(response) {
  const body = await response.json().catch(() => null);
  return errorOf(response.status, body, response.headers.get("Retry-After"));
}

async function request(method, path, { token, body } = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIME_LIMIT);
  try {
    const response = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...bearer(token), ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      signal: limit.signal,
      cache: "no-store",
      credentials: "omit",
    });
    if (!response.ok) throw await failure(response);
    return await response.json();
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0, "network", String(error));
  } finally {
    clearTimeout(timer);
  }
}

export const start = (campaign, body) => request("POST", `${ROOT}/${encodeURIComponent(campaign)}/sessions`, { body });

export const send = ({ session, token }, { id, text }) =>
  request("POST", sessionPath(session, "messages"), { token, body: { id, text } });

/** The sound of a question, by its address. */
export async function spoken({ token }, path) {
  const response = await fetch(path, { headers: bearer(token), cache: "no-store", credentials: "omit" });
  if (!response.ok) throw await failure(response);
  return response.blob();
}

/** Says what was really said in the recording that the message `corrects` was. */
export const fix = ({ session, token }, { id, text, corrects }) =>
  request("POST", sessionPath(session, "messages"), { token, body: { id, text, corrects } });

/** Sends a recording; `onProgress` is told which part of it is sent, from 0 to 1. */
export function upload({ session, token }, { id, blob }, onProgress) {
  const form = new FormData();
  form.append("id", id);
  form.append("media", blob, "answer");
  const sending = new XMLHttpRequest(); // fetch does not tell how far it is
  const gone = (reason) => new ApiError(0, "network", reason);
  return new Promise((resolve, reject) => {
    let timer = 0;
    const stillMoves = () => {
      clearTimeout(timer);
      timer = setTimeout(() => sending.abort(), STALL_LIMIT);
    };
    sending.open("POST", sessionPath(session, "messages"));
    sending.responseType = "json";
    sending.setRequestHeader("Accept", "application/json");
    sending.setRequestHeader("Authorization", `Bearer ${token}`);
    sending.upload.addEventListener("progress", ({ loaded, total }) => {
      stillMoves();
      onProgress(total ? loaded / total : 0);
    });
    sending.addEventListener("load", () => {
      const { status, response } = sending;
      if (status >= 200 && status < 300) return response ? resolve(response) : reject(gone("no answer"));
      reject(errorOf(status, response, sending.getResponseHeader("Retry-After")));
    });
    for (const end of ["error", "abort"]) sending.addEventListener(end, () => reject(gone(end)));
    sending.addEventListener("loadend", () => clearTimeout(timer));
    stillMoves();
    sending.send(form);
  });
}

export const history = ({ session, token }, after) =>
  request("GET", sessionPath(session, "messages") + "?history=true" + (after ? `&after=${encodeURIComponent(after)}` : ""), { token });

/** Feeds text chunks, calls `onEvent({event, data, id})` for every complete server-sent event. */
export function eventParser(onEvent) {
  let rest = "";
  let fields = { event: "message", data: [], id: undefined };

  const dispatch = () => {
    if (fields.data.length) onEvent({ ...fields, data: fields.data.join("\n") });
    fields = { event: "message", data: [], id: undefined };
  };
  const line = (text) => {
    if (text === "") return dispatch();
    const [, name, value] = /^([^:]*):? ?(.*)$/su.exec(text);
    if (name === "data") fields.data.push(value);
    else if (name === "event" || name === "id") fields[name] = value;
  };
  return (chunk) => {
    rest += chunk;
    const lines = rest.split(/\r\n|\n|\r(?=[^\n])/u);
    rest = lines.pop();
    lines.forEach(line);
  };
}

async function readStream(response, limit, onEvent) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const feed = eventParser(onEvent);
  for (;;) {
    const timer = setTimeout(() => limit.abort(), SILENCE_LIMIT);
    try {
      const { value, done } = await reader.read();
      if (done) return;
      feed(decoder.decode(value, { stream: true }));
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Follows a session's events until stopped. `cursor()` is the id of the last message received in order;
 * every reconnection first asks for what was missed, so a proxy that swallows streams loses nothing.
 */
export function follow(credentials, { cursor, onMessage, onState, onMissed, onUp, onDown, onDenied }) {
  let stopped = false;
  let limit = null;
  let hurry = false;
  let wake = () => {};

  const handle = ({ event, data, id }) => {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (event === "message") onMessage(value, id);
    else if (event === "state") onState(value);
  };

  const connect = async () => {
    limit = new AbortController();
    const opening = setTimeout(() => limit.abort(), TIME_LIMIT);
    const last = cursor();
    const response = await fetch(sessionPath(credentials.session, "events"), {
      headers: { Accept: "text/event-stream", ...bearer(credentials.token), ...(last ? { "Last-Event-ID": last } : {}) },
      signal: limit.signal,
      cache: "no-store",
      credentials: "omit",
    }).finally(() => clearTimeout(opening));
    if (!response.ok) throw await failure(response);
    onUp();
    await readStream(response, limit, handle);
  };

  const run = async () => {
    for (let attempt = 0; !stopped; ) {
      const began = Date.now();
      try {
        if (attempt) onMissed(await history(credentials, cursor()));
        await connect();
      } catch (error) {
        if (stopped) return;
        if (error instanceof ApiError && error.denied) return onDenied(error);
        if (error?.name !== "AbortError") onDown();
      }
      attempt = Date.now() - began > 10_000 ? 1 : attempt + 1;
      if (!stopped && !hurry) await Promise.race([pause(backoff(attempt - 1)), new Promise((done) => (wake = done))]);
      hurry = false;
    }
  };

  run();
  return {
    stop() {
      stopped = true;
      limit?.abort();
      wake();
    },
    /** Reconnect now: the network or the page is back. */
    kick() {
      hurry = true;
      limit?.abort();
      wake();
    },
  };
}
