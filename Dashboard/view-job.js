// One job: its head, and a tab for each thing it leaves behind.

import { get, post } from "./api.js";
import { button, copy, empty, fill, h, icon, loading, setText, toast } from "./dom.js";
import { ago, duration, exact, flattened, integer, number, percent, setting } from "./format.js";
import { chartsTab } from "./job-charts.js";
import { eventsTab } from "./job-events.js";
import { Actions, heading, problemBox, progressBar, removeJob, showProblem, statusPill, tile, timeLeft, whereabouts } from "./job-parts.js";
import { samplesTab } from "./job-samples.js";
import { follow, isFinal, jobWithID, live } from "./live.js";
import { checkpointList } from "./view-checkpoints.js";

/** Each gives `{element, update?(job), close?}`. */
const tabs = {
  charts: ["Charts", chartsTab],
  samples: ["Samples", samplesTab],
  checkpoints: ["Checkpoints", checkpointsTab],
  events: ["Events", eventsTab],
  configuration: ["Configuration", configurationTab],
};

export function jobView([id, tab = "charts"]) {
  const view = new JobView(id, tabs[tab] ? tab : "charts");
  return { title: id, element: view.element, close: () => view.close() };
}

class JobView {
  constructor(id, tab) {
    this.id = id;
    this.tab = tab;
    this.element = h("div", {}, loading(5));
    this.stop = follow(() => this.changed());
    if (!live.loaded || !jobWithID(id)) this.fetch();
  }

  /** For jobs that are not in the list: beyond its end, newer than the last look, or gone. */
  async fetch() {
    try {
      this.show(await get(`/v1/jobs/${encodeURIComponent(this.id)}`));
    } catch (error) {
      if (this.head && error.status === 404) this.sayGone();
      else if (!this.head) fill(this.element, heading("Job", this.id), problemBox(error, () => this.fetch()));
    }
  }

  sayGone() {
    this.stop();
    const all = h("a", { class: "button", href: "#/jobs" }, "All jobs");
    fill(this.element, heading("Job", this.id), empty("This job is gone", "It has been deleted.", all));
  }

  changed() {
    const job = jobWithID(this.id);
    if (job) this.show(job);
    else if (this.head && live.jobs !== this.jobsSeen) this.fetch();
    this.jobsSeen = live.jobs;
  }

  show(job) {
    if (!this.head) this.build(job);
    this.head.update(job);
    this.content.update?.(job);
  }

  build(job) {
    this.head = new JobHead(job);
    this.content = tabs[this.tab][1](job);
    document.title = `${job.name} · spind`;
    fill(
      this.element,
      this.head.element,
      h("nav", { class: "tabs", "aria-label": "Parts of the job" }, Object.entries(tabs).map(([name, [text]]) =>
        h("a", { href: `#/jobs/${job.id}/${name}`, "aria-current": name === this.tab ? "page" : null }, text))),
      this.content.element,
    );
  }

  close() {
    this.stop();
    this.content?.close?.();
  }
}

class JobHead {
  constructor(job) {
    this.actions = new Actions();
    this.more = h("div", { class: "actions" });
    this.state = h("span", {});
    this.where = h("span", {});
    this.left = h("span", { class: "left" });
    this.bar = h("div", { class: "big-bar" });
    this.note = h("p", { class: "notice", hidden: true });
    this.tiles = { loss: tile("Loss", "–"), acc: tile("Accuracy", "–"), margin: tile("Margin", "–"), validation: tile("Validation loss", "–"), speed: tile("Tokens/s", "–"), time: tile("Time", "–") };
    this.title = h("h1", {});
    this.element = h(
      "div", { class: "job-head" },
      h("p", { class: "crumbs" }, h("a", { href: "#/jobs" }, "Jobs"), " / ", h("code", {}, job.id), button("Copy the id", { icon: "copy", iconOnly: true, kind: "quiet", onclick: () => copy(job.id, "Id") })),
      h("header", { class: "page-head" },
        h("div", { class: "row" }, this.title, this.state),
        h("div", { class: "row" }, this.actions.element,
          h("a", { class: "button", href: `#/new?clone=${job.id}` }, icon("clone"), h("span", {}, "Clone")),
          h("a", { class: "button", href: `#/compare?jobs=${job.id}` }, icon("compare"), h("span", {}, "Compare")),
          this.more)),
      h("p", { class: "soft" }, about(job)),
      this.note,
      h("div", { class: "row between small" }, this.where, this.left), this.bar,
      h("dl", { class: "tiles" }, Object.values(this.tiles).map(({ element }) => element)),
    );
  }

  update(job) {
    this.actions.update(job);
    setText(this.title, job.name);
    const isOver = isFinal(job);
    if (this.wasOver !== isOver) fill(this.more, isOver ? button("Delete", { icon: "remove", iconOnly: true, kind: "quiet", onclick: () => removeJob(job) }) : null);
    this.wasOver = isOver;
    fill(this.state, statusPill(job));
    fill(this.bar, progressBar(job));
    setText(this.where, whereabouts(job));
    setText(this.left, timeLeft(job) ?? "");
    const note = [job.status_detail, job.status === "running" ? null : job.hint].filter(Boolean).join("; ");
    this.note.hidden = !note;
    this.note.dataset.kind = job.status === "failed" ? "bad" : "info";
    setText(this.note, note);
    const spent = job.started_at ? (Date.parse(job.finished_at ?? new Date().toISOString()) - Date.parse(job.started_at)) / 1000 : null;
    this.tiles.time.update(duration(spent), job.started_at ? `began ${ago(job.started_at)}` : "not begun");
    this.tiles.speed.update(integer(job.progress.tokens_per_second));
    if (this.step !== job.progress.step || this.status !== job.status) this.load(job);
  }

  async load(job) {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      // The newest row may still be on its way into the store.
      const after_step = Math.max(-1, job.progress.step - 4);
      const [metrics, validations] = await Promise.all([
        get(`/v1/jobs/${job.id}/metrics`, { after_step, limit: 4 }),
        get(`/v1/jobs/${job.id}/validations`),
      ]);
      const last = metrics.data.at(-1);
      const [first, now] = [validations.data[0]?.loss, validations.data.at(-1)?.loss];
      this.tiles.loss.update(number(last?.loss));
      this.tiles.acc.update(percent(last?.acc, 1));
      this.tiles.margin.update(number(last?.rewards_margin_mean), "nats");
      this.tiles.validation.update(number(now), now !== undefined && now !== first ? `at first ${number(first)}` : "");
      [this.step, this.status] = [job.progress.step, job.status];
    } catch {
      // The banner tells of a lost connection; the next change asks again.
    }
    this.isLoading = false;
  }
}

function about(job) {
  const { configuration } = job;
  const isCheckpoint = configuration.model.startsWith("ckpt_");
  return [
    configuration.method === "sft" ? "Supervised fine-tuning of " : "Self-play of ",
    isCheckpoint ? h("a", { href: `#/checkpoints?at=${configuration.model}` }, configuration.model) : h("b", {}, configuration.model),
    " on ", h("b", {}, configuration.dataset),
    configuration.validation_dataset ? [", validated on ", h("b", {}, configuration.validation_dataset)] : null,
    configuration.mode === "manual" ? ", by hand" : null,
    " · submitted ", h("time", { datetime: job.created_at, title: exact(job.created_at) }, ago(job.created_at)),
    Object.entries(configuration.labels ?? {}).map(([key, value]) => [" ", h("span", { class: "tag" }, `${key}=${value}`)]),
  ];
}

function checkpointsTab(job) {
  const place = h("div", {}, loading());
  const save = button("Save one now", { icon: "checkpoints", hidden: true, onclick: () => saveNow(job) });
  let shown = null;
  async function update(now) {
    save.hidden = now.status !== "running";
    const state = `${now.progress.step} ${now.status}`;
    if (state === shown) return;
    shown = state;
    try {
      const { data } = await get(`/v1/jobs/${job.id}/checkpoints`);
      fill(place, data.length
        ? checkpointList(data, () => { shown = null; update(now); })
        : empty("No checkpoints yet", "One is saved at the end of every iteration, and where save_interval asks for it."));
    } catch (error) {
      fill(place, problemBox(error, () => { shown = null; update(now); }));
    }
  }
  return { element: h("div", { class: "stack" }, save, place), update };
}

async function saveNow(job) {
  try {
    await post(`/v1/jobs/${job.id}/checkpoints`);
    toast("A checkpoint will be saved at the next step");
  } catch (error) {
    showProblem(error, "It cannot be saved");
  }
}

function configurationTab(job) {
  const text = JSON.stringify(job.configuration, null, 2);
  const element = h(
    "div", { class: "stack" },
    h("div", { class: "row" },
      button("Copy as JSON", { icon: "copy", onclick: () => copy(text, "Configuration") }),
      h("a", { class: "button", href: `#/new?clone=${job.id}` }, icon("clone"), h("span", {}, "Clone and change"))),
    h("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": "Configuration" },
      h("table", { class: "plain" },
        h("caption", { class: "hidden" }, "Configuration"),
        h("tbody", {}, flattened(job.configuration).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, setting(value))))))),
  );
  return { element };
}

