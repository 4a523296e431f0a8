// What the server knows of its jobs, kept up to date: one event stream, and a look now and then.
// After an interruption everything is simply asked for again, so that no point can be lost.

import { events, get, Problem } from "./api.js";

const activeSeconds = 2;
const idleSeconds = 10;
const longestWaitSeconds = 8;
const finals = ["succeeded", "failed", "cancelled"];

export const isFinal = (job) => finals.includes(job.status);
export const isActive = (job) => job.status === "running" || job.status === "queued";

/** `connection` is "connecting", "connected" or "lost". */
export const live = { jobs: [], loaded: false, connection: "connecting", problem: null, hasMore: false };

const listeners = new Set();
let timer = null;
let failures = 0;
let isLooking = false;
let mustLookAgain = false;

/** Calls back at every change, and once at the start; returns how to stop. */
export function follow(listener) {
  listeners.add(listener);
  if (live.loaded) listener();
  return () => listeners.delete(listener);
}

export const jobWithID = (id) => live.jobs.find((job) => job.id === id);

function tell() {
  for (const listener of [...listeners]) listener();
}

/** Looks now; for after an action. */
export async function refresh() {
  clearTimeout(timer);
  if (isLooking) {
    mustLookAgain = true;
    return;
  }
  isLooking = true;
  await look();
  isLooking = false;
  const mustHurry = mustLookAgain;
  mustLookAgain = false;
  timer = setTimeout(refresh, mustHurry ? 50 : pauseSeconds() * 1000);
}

function pauseSeconds() {
  if (failures) return Math.min(longestWaitSeconds, 2 ** (failures - 1));
  return live.jobs.some(isActive) && !document.hidden && !stream ? activeSeconds : idleSeconds;
}

async function look() {
  try {
    const page = await get("/v1/jobs", { limit: 200 });
    Object.assign(live, { jobs: page.data, hasMore: page.has_more, loaded: true, problem: null });
    failures = 0;
    live.connection = "connected";
    listen();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    failures += 1;
    live.problem = error;
    live.connection = "lost";
  }
  tell();
}

export function start() {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  window.addEventListener("online", refresh);
  return refresh();
}

let stream = null;
let lastID = null;
let telling = null;
let hurrying = null;

/** One stream for all jobs: where they are now, and what happens to them. */
async function listen() {
  if (stream) return;
  stream = new AbortController();
  try {
    const headers = lastID === null ? {} : { "Last-Event-ID": lastID };
    for await (const event of events("GET", "/v1/events", { headers, signal: stream.signal })) {
      if (event.id) lastID = event.id;
      heard(event);
    }
    again(0);
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof TypeError)) throw error;
    again(1);
  }
}

function heard({ event, data }) {
  if (event === "open" || event === "metrics" || event === "reconnect") return;
  if (event !== "progress") {
    // A burst of events is one reason to look.
    hurrying ??= setTimeout(() => { hurrying = null; refresh(); }, 150);
    return;
  }
  const { job: id, status, progress } = JSON.parse(data);
  const job = jobWithID(id);
  if (job?.status !== status) hurrying ??= setTimeout(() => { hurrying = null; refresh(); }, 150);
  if (!job) return;
  job.progress = progress;
  // What people can follow is told, not every step.
  telling ??= setTimeout(() => { telling = null; tell(); }, 1000);
}

/** After the end of a stream: a look tells whether the server is still there. */
function again(seconds) {
  stream = null;
  setTimeout(refresh, seconds * 1000);
}
