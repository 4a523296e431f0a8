// Requests to the server that gave this page, and its answers.

import { parse } from "./json.js";

/** An answer that says no, or none at all (`status` 0). */
export class Problem extends Error {
  constructor(status, body, requestID) {
    super(body?.detail ?? body?.error?.message ?? `the server answered ${status}`);
    this.status = status;
    this.code = body?.code;
    this.hint = body?.hint;
    this.errors = body?.errors ?? [];
    this.requestID = body?.request_id ?? requestID;
  }
}

/** Where the key comes from: the app asks a person for it. */
let askForKey = async () => null;
let asking = null;
let isDeclined = false;
const storageName = "spind.key";

export function onKeyNeeded(ask) {
  askForKey = ask;
}

/** After somebody said "not now". */
export function askAgain() {
  isDeclined = false;
}

export function key() {
  return sessionStorage.getItem(storageName);
}

export function setKey(value) {
  if (value) sessionStorage.setItem(storageName, value);
  else sessionStorage.removeItem(storageName);
}

/** Query fields that are null or undefined are left out. */
export function target(path, query = {}) {
  const fields = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return fields.length ? `${path}?${new URLSearchParams(fields)}` : path;
}

/** The answer itself, once it is one that says yes. */
export async function send(method, path, { query, body, headers = {}, signal, accept = "application/json" } = {}) {
  const all = { Accept: accept, ...headers };
  if (body !== undefined) all["Content-Type"] ??= "application/json";
  for (;;) {
    const sentKey = key();
    if (sentKey) all.Authorization = `Bearer ${sentKey}`;
    const answer = await attempt(target(path, query), {
      method, signal, headers: all, body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    if (answer.ok) return answer;
    const problem = new Problem(answer.status, await bodyOf(answer), answer.headers.get("X-Request-Id"));
    if (answer.status !== 401 || isDeclined) throw problem;
    // Several requests may fail at once; one question is enough.
    if (key() === sentKey) {
      asking ??= askForKey().finally(() => { asking = null; });
      isDeclined = !(await asking);
      if (isDeclined) throw problem;
    }
  }
}

async function attempt(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "the server does not answer" });
  }
}

async function bodyOf(answer) {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

/** The answer's JSON; null when it has no body. */
export async function call(method, path, options) {
  const answer = await send(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

/** As `get`, with numbers that remember how they were written. */
export async function getExactly(path) {
  return parse(await (await send("GET", path)).text());
}

export const get = (path, query, signal) => call("GET", path, { query, signal });
export const post = (path, body, query) => call("POST", path, { body, query });

/** As `get`, but null where the server has no such route or thing. */
export async function getIfThere(path, query, signal) {
  try {
    return await get(path, query, signal);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** All elements of a list, page after page, up to a number. */
export async function all(path, query = {}, { most = 5000, signal } = {}) {
  const found = [];
  let after = null;
  do {
    const page = await get(path, { limit: 1000, ...query, after }, signal);
    found.push(...page.data);
    after = page.has_more ? page.last_id : null;
  } while (after !== null && found.length < most);
  return found;
}

/** Saves a file; through memory only where a key has to be sent along. */
export async function download(path, name) {
  const link = document.createElement("a");
  link.download = name;
  link.href = key() ? URL.createObjectURL(await (await send("GET", path, { accept: "*/*" })).blob()) : path;
  link.click();
  if (link.href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Server-Sent Events through `fetch`, which unlike EventSource can send a key: each is
 * `{id, event, data}`. Ends when the server ends the stream.
 */
export async function* events(method, path, options) {
  const answer = await send(method, path, { ...options, accept: "text/event-stream" });
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
  }
}

function parsed(block) {
  const event = { id: null, event: "message", data: [] };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const [field, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "data") event.data.push(value);
    else if (field in event) event[field] = value;
  }
  if (!event.data.length) return null;
  return { ...event, data: event.data.join("\n") };
}
