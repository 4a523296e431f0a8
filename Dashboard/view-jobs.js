// All jobs: where each is, how it goes, what can be done with it.

import { button, empty, fill, h, icon, keyed, loading, setText } from "./dom.js";
import { ago, count, exact, integer, number } from "./format.js";
import { Actions, act, heading, progressBar, statusPill, tile, timeLeft, whereabouts } from "./job-parts.js";
import { follow, isFinal, live } from "./live.js";
import { JobMetrics } from "./metrics.js";
import { sparkline } from "./sparkline.js";

const filters = {
  all: ["All", () => true],
  active: ["Active", (job) => !isFinal(job)],
  finished: ["Finished", isFinal],
};
const sparkNames = ["loss", "rewards_margin_mean"];
const maximumCompared = 8;

export function jobsView(query) {
  const view = new JobsView(query.get("filter") ?? "all");
  return { title: "Jobs", element: view.element, close: () => view.close() };
}

class JobsView {
  constructor(filter) {
    this.filter = filters[filter] ? filter : "all";
    this.rows = new Map();
    this.chosen = new Set();
    this.tiles = {
      running: tile("Running", "–"), queued: tile("Queued", "–"), waiting: tile("Waiting or paused", "–"), speed: tile("Tokens/s", "–"), done: tile("Finished", "–"),
    };
    this.search = h("input", { type: "search", placeholder: "Name, model, label", "aria-label": "Search jobs", oninput: () => this.show() });
    this.list = h("ul", { class: "job-list" });
    this.place = h("div", {}, loading(4));
    this.bar = h("div", { class: "selection", hidden: true });
    this.element = h(
      "div", {},
      heading("Jobs", null, h("a", { class: "button primary", href: "#/new" }, icon("add"), h("span", {}, "New job"))),
      h("dl", { class: "tiles" }, Object.values(this.tiles).map(({ element }) => element)),
      h("div", { class: "row toolbar" }, this.tabs(), this.search),
      this.place, this.bar,
    );
    this.stop = follow(() => this.show());
    this.onTheme = () => { for (const row of this.rows.values()) row.draw(); };
    window.addEventListener("themechange", this.onTheme);
  }

  tabs() {
    return h("div", { class: "segments", role: "group", "aria-label": "Which jobs" }, Object.entries(filters).map(([name, [text]]) =>
      button(text, {
        "aria-pressed": String(name === this.filter),
        onclick: (event) => {
          this.filter = name;
          for (const one of event.currentTarget.parentElement.children) one.setAttribute("aria-pressed", String(one === event.currentTarget));
          this.show();
        },
      })));
  }

  show() {
    if (!live.loaded) return;
    const text = this.search.value.trim().toLowerCase();
    const isWanted = (job) => filters[this.filter][1](job) && (!text || searchable(job).includes(text));
    const jobs = live.jobs.filter(isWanted).sort(byUrgency);
    this.showTiles();
    if (!live.jobs.length) fill(this.place, empty("No jobs yet", "A job is one game: a model plays against itself to prefer the answers of your data.", h("a", { class: "button primary", href: "#/new" }, "Make the first one")));
    else if (!jobs.length) fill(this.place, empty("No job is like that", "Look for something else, or at all jobs."));
    else if (this.list.parentElement !== this.place) fill(this.place, this.list);
    keyed(this.list, this.rows, jobs, (job) => job.id, (job) => new JobRow(job, (isOn) => this.choose(job.id, isOn)));
    this.showSelection();
  }

  showTiles() {
    const number = (wanted) => integer(live.jobs.filter(({ status }) => wanted.includes(status)).length);
    const speed = live.jobs.filter(({ status }) => status === "running").reduce((sum, job) => sum + (job.progress.tokens_per_second ?? 0), 0);
    this.tiles.running.update(number(["running"]));
    this.tiles.queued.update(number(["queued"]));
    this.tiles.waiting.update(number(["waiting", "paused"]));
    this.tiles.speed.update(speed ? count(speed) : "–");
    const failed = live.jobs.filter(({ status }) => status === "failed").length;
    this.tiles.done.update(number(["succeeded", "failed", "cancelled"]), failed ? `${failed} failed` : "");
  }

  choose(id, isOn) {
    if (isOn) this.chosen.add(id);
    else this.chosen.delete(id);
    this.showSelection();
  }

  showSelection() {
    const known = live.jobs.filter(({ id }) => this.chosen.has(id));
    this.bar.hidden = !known.length;
    const layout = known.map(({ id, links }) => id + Object.keys(links)).join();
    if (layout === this.layout) return;
    this.layout = layout;
    const all = (action) => known.every(({ links }) => links[action]);
    const each = (action) => async () => { for (const job of known) await act(job, action); };
    const target = `#/compare?jobs=${known.slice(0, maximumCompared).map(({ id }) => id).join(",")}`;
    fill(
      this.bar,
      h("span", {}, `${known.length} chosen`),
      h("a", { class: "button primary", href: target }, icon("compare"), h("span", {}, known.length > maximumCompared ? `Compare the first ${maximumCompared}` : "Compare")),
      ["pause", "resume", "cancel"].filter(all).map((action) => button(action[0].toUpperCase() + action.slice(1), { icon: action, onclick: each(action) })),
      button("Choose none", { kind: "quiet", onclick: () => { this.chosen.clear(); for (const row of this.rows.values()) row.box.checked = false; this.showSelection(); } }),
    );
  }

  close() {
    this.stop();
    window.removeEventListener("themechange", this.onTheme);
  }
}

const urgency = { running: 0, queued: 1, waiting: 2, paused: 3 };

function byUrgency(a, b) {
  const [first, second] = [urgency[a.status] ?? 4, urgency[b.status] ?? 4];
  return first - second || (first === 1 ? a.queue_position - b.queue_position : b.created_at.localeCompare(a.created_at));
}

function searchable(job) {
  const { configuration } = job;
  return [job.name, job.id, configuration.model, configuration.dataset, ...Object.entries(configuration.labels ?? {}).flat()].join(" ").toLowerCase();
}

class JobRow {
  constructor(job, onChoose) {
    this.metrics = new JobMetrics(job.id);
    this.box = h("input", { type: "checkbox", "aria-label": `Choose ${job.name}`, onchange: (event) => onChoose(event.currentTarget.checked) });
    this.name = h("a", { href: `#/jobs/${job.id}` });
    this.about = h("p", { class: "soft clip" });
    this.state = h("div", { class: "job-state" });
    this.bar = h("div", {});
    this.where = h("p", { class: "soft clip" });
    this.left = h("span", { class: "left" });
    this.sparks = sparkNames.map((name, slot) => ({ name, slot, picture: h("div", {}), value: h("b", {}) }));
    this.lines = h("div", { class: "job-sparks" }, this.sparks.map(({ name, picture, value }) => h("div", { class: "spark-box" }, h("span", { class: "soft" }, name === "loss" ? "loss" : "margin", " ", value), picture)));
    this.actions = new Actions({ iconOnly: true });
    this.element = h(
      "li", { class: "job-row" },
      this.box,
      h("div", { class: "job-name" }, h("h2", {}, this.name), this.about),
      this.state,
      h("div", { class: "job-progress" }, h("div", { class: "row between" }, this.where, this.left), this.bar),
      this.lines, this.actions.element,
    );
  }

  update(job) {
    const { configuration } = job;
    setText(this.name, job.name);
    const labels = Object.entries(configuration.labels ?? {}).map(([key, value]) => `${key}=${value}`);
    setText(this.about, [configuration.model, configuration.dataset, configuration.method === "sft" ? "sft" : null, ...labels, ago(job.created_at)].filter(Boolean).join(" · "));
    this.about.title = exact(job.created_at);
    const state = `${job.status}${job.queue_position}`;
    if (state !== this.shownState) fill(this.state, statusPill(job));
    this.shownState = state;
    const bar = `${job.status}${job.progress.fraction}`;
    if (bar !== this.shownBar) fill(this.bar, progressBar(job));
    this.shownBar = bar;
    setText(this.where, whereabouts(job));
    this.where.title = whereabouts(job);
    setText(this.left, timeLeft(job) ?? "");
    this.actions.update(job);
    this.job = job;
    this.lines.hidden = !job.progress.step;
    if (job.progress.step !== this.drawnStep) this.load();
  }

  /** Asks for the lines anew; a row asks for one thing at a time. */
  async load() {
    if (this.isLoading || !this.job.progress.step) return;
    this.isLoading = true;
    const step = this.job.progress.step;
    try {
      this.columns = await this.metrics.load(sparkNames, { buckets: 64 });
      this.drawnStep = step;
      this.draw();
    } catch {
      // The banner tells of a lost connection; the next change asks again.
    }
    this.isLoading = false;
  }

  draw() {
    for (const { name, slot, picture, value } of this.sparks) {
      const values = this.columns?.[name]?.mean ?? [];
      const last = this.columns?.[name]?.last.at(-1);
      setText(value, number(last, 3));
      sparkline(picture, values, { slot, label: `${name === "loss" ? "Loss" : "Margin"} from ${number(values[0], 3)} to ${number(last, 3)}` });
    }
  }
}

