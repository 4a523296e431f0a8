// Several jobs over one another: curves, last values against a baseline, differing settings.

import { get } from "./api.js";
import { Chart, ChartGroup } from "./chart.js";
import { button, empty, fill, h, loading, toast } from "./dom.js";
import { flattened, number, setting, signed } from "./format.js";
import { heading, problemBox } from "./job-parts.js";
import { follow, live } from "./live.js";
import { JobMetrics, labels, validationColumns } from "./metrics.js";
import { color, dashes } from "./palette.js";

const maximumJobs = 8;
const shownMetrics = ["loss", "validation_loss", "acc", "rewards_margin_mean", "rewards_actual_mean", "rewards_generated_mean", "estimated_kl", "logps_actual_mean", "grad_norm", "lr", "tokens_per_second", "sft_loss"];
const usualMetrics = ["loss", "validation_loss", "acc", "rewards_margin_mean"];
const titles = { rewards_actual_mean: "Reward actual", rewards_generated_mean: "Reward generated", logps_actual_mean: "Log-prob. actual", tokens_per_second: "Tokens/s" };
const title = (name) => titles[name] ?? labels[name].label;

export function compareView(query) {
  const view = new CompareView((query.get("jobs") ?? "").split(",").filter(Boolean).slice(0, maximumJobs));
  return { title: "Compare", element: view.element, close: () => view.close() };
}

class CompareView {
  constructor(ids) {
    this.ids = ids;
    this.baseline = ids[0];
    this.names = [...usualMetrics];
    this.known = new Map();
    this.group = new ChartGroup((from, to) => this.zoomed(from, to));
    this.steps = null;
    this.picker = h("div", { class: "picker" });
    this.place = h("div", { class: "stack" }, loading(3));
    this.element = h("div", {}, heading("Compare", `Up to ${maximumJobs} jobs over one another; each has a colour and a dash of its own.`), this.picker, this.place);
    this.stop = follow(() => this.changed());
    this.onTheme = () => { this.showPicker(true); this.draw(); this.group.redraw(); };
    window.addEventListener("themechange", this.onTheme);
  }

  changed() {
    this.showPicker();
    this.load();
  }

  showPicker(isNew = false) {
    const layout = live.jobs.map(({ id, name }) => id + name).join();
    if (layout === this.layout && !isNew) return;
    this.layout = layout;
    fill(this.picker, h("details", { open: !this.ids.length }, h("summary", {}, "Choose jobs"),
      h("div", { class: "choices" }, live.jobs.map((job) => h("label", { class: "check" },
        h("input", { type: "checkbox", checked: this.ids.includes(job.id), onchange: (event) => this.choose(job.id, event.currentTarget) }),
        this.ids.includes(job.id) ? this.swatch(job.id) : null, job.name, h("small", { class: "soft" }, ` ${job.id.slice(-6)}`))))));
  }

  choose(id, box) {
    if (box.checked && this.ids.length >= maximumJobs) {
      box.checked = false;
      toast(`No more than ${maximumJobs} at once`);
      return;
    }
    const isOpen = this.picker.querySelector("details").open;
    this.ids = box.checked ? [...this.ids, id] : this.ids.filter((other) => other !== id);
    if (!this.ids.includes(this.baseline)) this.baseline = this.ids[0];
    // The address keeps the choice, without a step in the history for each.
    history.replaceState(null, "", `#/compare?jobs=${this.ids.join(",")}`);
    this.showPicker(true);
    this.picker.querySelector("details").open = isOpen;
    [...this.picker.querySelectorAll("input")][live.jobs.findIndex((job) => job.id === id)]?.focus();
    this.load();
  }

  swatch(id) {
    const slot = this.ids.indexOf(id);
    return h("svg", { class: "swatch", viewBox: "0 0 22 6", "aria-hidden": "true" }, h("path", { d: "M1 3h20", stroke: color(slot), "stroke-width": "2.5", "stroke-dasharray": dashes[slot].join(" ") }));
  }

  async load() {
    if (!this.ids.length) {
      fill(this.place, empty("Nothing to compare yet", "Choose jobs above, or tick them in the list of jobs."));
      this.charts = null;
      return;
    }
    if (this.isLoading) {
      this.mustLoadAgain = true;
      return;
    }
    this.isLoading = true;
    try {
      await Promise.all(this.ids.map((id) => this.loadJob(id)));
      this.draw();
    } catch (error) {
      if (!this.charts) fill(this.place, problemBox(error, () => this.load()));
    }
    this.isLoading = false;
    if (this.mustLoadAgain) {
      this.mustLoadAgain = false;
      this.load();
    }
  }

  /** Finer buckets of what is looked at now. */
  zoomed(from, to) {
    // A step more on each side, so that lines go on to the edges.
    this.steps = from === null ? null : { from: Math.max(0, Math.floor(from) - 1), to: Math.ceil(to) + 1 };
    clearTimeout(this.zoomTimer);
    this.zoomTimer = setTimeout(() => this.load(), 120);
  }

  async loadJob(id) {
    const known = this.known.get(id);
    const job = live.jobs.find((one) => one.id === id) ?? (await get(`/v1/jobs/${id}`));
    const state = `${job.progress.step} ${job.status}`;
    const place = `${this.steps?.from} ${this.steps?.to}`;
    const isSame = known?.state === state;
    if (isSame && known.place === place) return;
    const metrics = known?.metrics ?? new JobMetrics(id);
    const load = (steps) => metrics.load(shownMetrics.filter((name) => name !== "validation_loss"), { buckets: 512, ...steps });
    const [columns, near, validations] = await Promise.all([
      isSame ? known.columns : load(), this.steps && load(this.steps), isSame ? null : get(`/v1/jobs/${id}/validations`),
    ]);
    if (validations) columns.validation_loss = validationColumns(validations.data);
    const drawn = near ? { ...near, validation_loss: columns.validation_loss } : columns;
    this.known.set(id, { job, state, place, metrics, columns, drawn });
  }

  draw() {
    const jobs = this.ids.map((id) => this.known.get(id)).filter(Boolean);
    if (!jobs.length) return;
    if (!this.charts) this.build();
    for (const [name, chart] of this.charts) chart.show(jobs.flatMap(({ job, drawn }) => drawn[name] ? [{ name: job.id, label: job.name, columns: drawn[name], at: (step) => step, slot: this.ids.indexOf(job.id) }] : []));
    fill(this.values, this.valueTable(jobs));
    fill(this.settings, settingTable(jobs.map(({ job }) => job), (id) => this.swatch(id)));
  }

  build() {
    this.group.close();
    this.charts = this.names.map((name) => [name, new Chart({ title: title(name), range: name === "acc" ? [0, 1] : null }, this.group)]);
    this.values = h("div", {});
    this.settings = h("div", {});
    const slider = h("input", { type: "range", id: "smoothing", min: "0", max: "0.98", step: "0.02", oninput: () => this.group.smooth(Number(slider.value)) });
    slider.value = String(this.group.smoothing);
    fill(
      this.place,
      h("div", { class: "row toolbar" },
        h("label", { for: "smoothing" }, "Smoothing"), slider,
        h("label", { class: "check" }, h("input", { type: "checkbox", checked: this.group.log, onchange: (event) => { this.group.log = event.currentTarget.checked; this.group.redraw(); } }), "Log scale"),
        button("Show all steps", { icon: "retry", onclick: () => this.group.zoom(null, null) }),
        h("details", { class: "menu" }, h("summary", { class: "button" }, "Metrics"), h("div", { class: "card menu-body" }, shownMetrics.map((name) =>
          h("label", { class: "check" }, h("input", { type: "checkbox", checked: this.names.includes(name), onchange: (event) => this.chooseMetric(name, event.currentTarget.checked) }), title(name)))))),
      h("div", { class: "charts" }, this.charts.map(([, { element }]) => element)),
      this.values, this.settings,
    );
  }

  chooseMetric(name, isOn) {
    this.names = shownMetrics.filter((one) => (one === name ? isOn : this.names.includes(one)));
    this.charts = null;
    this.draw();
    this.place.querySelector(".menu").open = true;
  }

  valueTable(jobs) {
    const last = ({ columns }, name) => columns[name]?.last.findLast((value) => value !== null) ?? null;
    const base = this.known.get(this.baseline) ?? jobs[0];
    const names = shownMetrics.filter((name) => jobs.some((job) => last(job, name) !== null));
    return h(
      "section", { class: "card", "aria-labelledby": "values-title" },
      h("h2", { id: "values-title" }, "Last values"),
      h("p", { class: "soft small" }, "The small figures are differences from the baseline."),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of last values" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Job"), h("th", { scope: "col" }, "Baseline"), names.map((name) => h("th", { scope: "col", class: "number" }, title(name))))),
        h("tbody", {}, jobs.map((one) => h("tr", {},
          h("th", { scope: "row" }, this.swatch(one.job.id), h("a", { href: `#/jobs/${one.job.id}` }, one.job.name)),
          h("td", {}, h("input", { type: "radio", name: "baseline", "aria-label": `${one.job.name} is the baseline`, checked: one === base, onchange: () => { this.baseline = one.job.id; this.draw(); this.values.querySelector("input:checked")?.focus(); } })),
          names.map((name) => valueCell(last(one, name), one === base ? null : last(base, name), labels[name].better))))))),
    );
  }

  close() {
    this.stop();
    clearTimeout(this.zoomTimer);
    window.removeEventListener("themechange", this.onTheme);
    this.group.close();
  }
}

function valueCell(value, base, better) {
  const share = value !== null && base ? (value - base) / Math.abs(base) : null;
  const kind = !share || !better ? "soft" : Math.sign(share) === better ? "better" : "worse";
  return h("td", { class: "number" }, h("span", {}, number(value)), share === null ? null : h("small", { class: kind }, `${signed(share * 100, 3)}\u202f%`));
}

function settingTable(jobs, swatch) {
  const settings = jobs.map((job) => new Map(flattened(job.configuration)));
  const keys = [...new Set(settings.flatMap((one) => [...one.keys()]))].filter((key) => key !== "name");
  const differing = keys.filter((key) => new Set(settings.map((one) => setting(one.get(key)))).size > 1);
  return h(
    "section", { class: "card", "aria-labelledby": "settings-title" },
    h("h2", { id: "settings-title" }, "Settings that differ"),
    differing.length
      ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of differing settings" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Setting"), jobs.map((job) => h("th", { scope: "col" }, swatch(job.id), job.name)))),
        h("tbody", {}, differing.map((key) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, key)), settings.map((one) => h("td", {}, setting(one.get(key)))))))))
      : h("p", { class: "soft" }, jobs.length > 1 ? `None: all ${keys.length} are the same.` : "Choose a second job."),
  );
}
