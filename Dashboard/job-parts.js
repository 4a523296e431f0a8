// Pieces of a job that several views show.

import { call, post } from "./api.js";
import { button, confirmed, fill, h, setText, toast } from "./dom.js";
import { duration, integer } from "./format.js";
import { refresh } from "./live.js";

export const statusText = {
  queued: "Queued", running: "Running", paused: "Paused", waiting: "Waiting", succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled",
};

export function statusPill(job) {
  const text = job.status === "queued" && job.queue_position ? `Queued, ${job.queue_position}` : statusText[job.status];
  const title = job.status === "waiting" ? "Between iterations: Step lets it go on" : job.status_detail;
  return h("span", { class: "pill", "data-status": job.status, title }, text ?? job.status);
}

const phaseText = { loading: "loading", rollout: "rollout", train: "training", validate: "validating", save: "saving" };

/** One line about where a job is. */
export function whereabouts(job) {
  const { progress } = job;
  if (job.status === "queued") return job.queue_position === 1 ? "next in the queue" : job.queue_position ? `place ${job.queue_position} in the queue` : "in the queue";
  const round = `iteration ${Math.min(progress.iteration + 1, progress.iterations_total)} of ${progress.iterations_total}`;
  if (job.status === "running") {
    const isRollout = progress.phase === "rollout" && progress.rollout_total;
    const step = progress.steps_total ? `step ${integer(progress.step)}/${integer(progress.steps_total)}` : null;
    const detail = isRollout ? [`rollout ${integer(progress.rollout_done)}/${integer(progress.rollout_total)}`] : [phaseText[progress.phase], step];
    return [round, ...detail].filter(Boolean).join(" · ");
  }
  if (job.status === "succeeded") return `${progress.iterations_total} iterations · ${integer(progress.step)} steps`;
  if (job.status === "failed") return job.status_detail ?? "failed";
  if (job.status === "waiting" && progress.step === 0) return "not begun";
  return `${round} · step ${integer(progress.step)}${job.status_detail ? ` · ${job.status_detail}` : ""}`;
}

export function timeLeft(job) {
  if (job.status !== "running") return null;
  const seconds = job.progress.seconds_remaining;
  return seconds === null || seconds === undefined ? "estimating" : `${duration(seconds)} left`;
}

export function progressBar(job) {
  const share = job.progress.fraction;
  const bar = h("progress", { max: "1", "aria-label": `Progress of ${job.name}` });
  if (share === null) {
    if (job.status !== "running") bar.value = 0;
  } else bar.value = share;
  bar.dataset.status = job.status;
  return bar;
}

const verbs = {
  step: ["Step", "step"], pause: ["Pause", "pause"], resume: ["Resume", "resume"], retry: ["Retry", "retry"], cancel: ["Cancel", "cancel"],
};

/** Does something to a job and says so; true when it worked. */
export async function act(job, action, body) {
  if (action === "cancel" && !(await confirmed(`Cancel ${job.name}?`, "It ends for good at its next step. Its checkpoints stay.", "Cancel the job"))) return false;
  try {
    await post(job.links[action] ?? `/v1/jobs/${job.id}/${action}`, body);
    toast(`${job.name}: ${verbs[action][0].toLowerCase()} asked for`);
    await refresh();
    return true;
  } catch (error) {
    showProblem(error, `${job.name} cannot ${action}`);
    return false;
  }
}

/** Lets a queued job be the next to run. */
export async function runNext(job) {
  try {
    await call("PATCH", `/v1/jobs/${job.id}`, { body: { queue_position: 1 } });
    toast(`${job.name} is the next to run`);
    refresh();
  } catch (error) {
    showProblem(error, `${job.name} cannot run next`);
  }
}

/** Says in a corner what went wrong. */
export function showProblem(error, what) {
  const request = error.requestID ? ` Request ${error.requestID}.` : "";
  toast(`${what}: ${error.message}.${error.hint ? ` ${error.hint}.` : ""}${request}`, "bad");
}

/** The same where a view should have been. */
export function problemBox(error, again) {
  return h(
    "div", { class: "problem", role: "alert" },
    h("h2", {}, error.status === 404 ? "There is no such thing" : "This could not be loaded"),
    h("p", {}, error.message, error.hint ? `; ${error.hint}` : ""),
    error.requestID ? h("p", { class: "soft" }, "Request ", h("code", {}, error.requestID)) : null,
    again ? button("Try again", { icon: "retry", onclick: again }) : null,
  );
}

/** Buttons for what the job's state allows; kept while the state stays, and focus with them. */
export class Actions {
  constructor({ iconOnly = false } = {}) {
    this.iconOnly = iconOnly;
    this.element = h("div", { class: "actions" });
  }

  update(job) {
    this.job = job;
    const possible = Object.keys(verbs).filter((name) => job.links[name]);
    const canMove = job.queue_position > 1;
    const layout = `${possible} ${canMove}`;
    if (layout === this.layout) return;
    this.layout = layout;
    const hadFocus = this.element.contains(document.activeElement);
    const buttons = possible.map((name) => button(verbs[name][0], {
      icon: verbs[name][1], iconOnly: this.iconOnly, title: `${verbs[name][0]} ${job.name}`,
      kind: this.iconOnly ? "quiet" : name === "step" ? "primary" : "",
      "data-action": name, onclick: () => (name === "step" && this.distance ? this.distance.go() : act(this.job, name)),
    }));
    this.distance = possible.includes("step") && !this.iconOnly ? new StepDistance((body) => act(this.job, "step", body)) : null;
    fill(this.element, this.distance?.element, buttons, canMove ? button("Run next", { icon: "up", iconOnly: this.iconOnly, kind: this.iconOnly ? "quiet" : "", onclick: () => runNext(this.job) }) : null);
    if (this.iconOnly) {
      for (const one of this.element.children) one.setAttribute("aria-label", `${one.getAttribute("aria-label")} ${job.name}`);
    }
    if (hadFocus) this.element.querySelector("button")?.focus();
  }
}

/** How far a step goes; an iteration, unless somebody says more. */
class StepDistance {
  /** @param step takes the request's body. */
  constructor(step) {
    this.step = step;
    this.count = h("input", {
      type: "number", min: "1", step: "1", value: "1", required: true, "aria-label": "How far a step goes",
      onkeydown: (event) => { if (event.key === "Enter") this.go(); },
    });
    this.unit = h("select", { "aria-label": "Iterations or optimizer steps" }, h("option", { value: "iterations" }, "iterations"), h("option", { value: "steps" }, "steps"));
    this.element = h("span", { class: "step-distance" }, this.count, this.unit);
  }

  go() {
    if (this.count.reportValidity()) this.step({ [this.unit.value]: this.count.valueAsNumber });
  }
}

/** Removes a job after a question. */
export async function removeJob(job) {
  if (!(await confirmed(`Delete ${job.name}?`, "Its records, samples and checkpoints are removed from the disk.", "Delete the job"))) return;
  try {
    await call("DELETE", `/v1/jobs/${job.id}`);
    toast(`${job.name} is deleted`);
    location.hash = "#/jobs";
    refresh();
  } catch (error) {
    showProblem(error, `${job.name} cannot be deleted`);
  }
}

export function heading(title, subtitle, ...actions) {
  return h("header", { class: "page-head" }, h("div", {}, h("h1", {}, title), subtitle ? h("p", { class: "soft" }, subtitle) : null), h("div", { class: "row" }, actions));
}

/** A figure with its name. */
export function tile(name, value, note = null) {
  const figure = h("dd", {}, value);
  const small = h("dd", { class: "note" }, note);
  return {
    element: h("div", { class: "tile" }, h("dt", {}, name), figure, small),
    update(next, nextNote = null) {
      setText(figure, next);
      setText(small, nextNote ?? "");
    },
  };
}
