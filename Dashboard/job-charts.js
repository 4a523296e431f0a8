// Charts of a job with rules at its iterations, and the table of iterations below them.

import { get } from "./api.js";
import { button, fill, h, loading } from "./dom.js";
import { Chart, ChartGroup } from "./chart.js";
import { iterationsTable } from "./iterations.js";
import { problemBox } from "./job-parts.js";
import { interpolated, JobMetrics, klColumns, labels, panels, validationColumns } from "./metrics.js";

const overviewBuckets = 512;
/** Which are not metrics of steps. */
const others = ["validation_loss", "kl_actual", "kl_generated"];

export function chartsTab(job) {
  const tab = new ChartsTab(job);
  return { element: tab.element, update: (now) => tab.update(now), close: () => tab.close() };
}

class ChartsTab {
  constructor(job) {
    this.metrics = new JobMetrics(job.id);
    this.group = new ChartGroup((from, to) => this.zoomed(from, to));
    this.isScaled = false;
    this.place = h("div", { class: "charts" }, loading(2));
    this.table = h("div", {});
    this.zoomButton = button("Show all steps", { icon: "retry", hidden: true, onclick: () => this.group.zoom(null, null) });
    this.element = h("div", { class: "stack" }, this.toolbar(), this.place, this.table);
    this.onTheme = () => this.group.redraw();
    window.addEventListener("themechange", this.onTheme);
  }

  toolbar() {
    const xChoice = h("select", { id: "x-axis", onchange: () => { this.group.x = xChoice.value; this.group.range = null; this.zoomButton.hidden = true; this.draw(true); } },
      [["step", "Step"], ["time", "Training time"], ["tokens", "Tokens"]].map(([value, text]) => h("option", { value }, text)));
    const shown = h("output", { for: "smoothing" }, "off");
    const slider = h("input", { type: "range", id: "smoothing", min: "0", max: "0.98", step: "0.02", value: "0", "aria-valuetext": "off", oninput: () => {
      fill(shown, Number(slider.value) ? slider.value : "off");
      slider.setAttribute("aria-valuetext", shown.textContent);
      this.group.smooth(Number(slider.value));
    } });
    slider.value = "0";
    const check = (text, onchange) => h("label", { class: "check" }, h("input", { type: "checkbox", onchange: (event) => onchange(event.currentTarget.checked) }), text);
    return h(
      "div", { class: "row toolbar", role: "group", "aria-label": "How charts are drawn" },
      h("label", { for: "x-axis" }, "x"), xChoice,
      h("label", { for: "smoothing" }, "Smoothing"), slider, shown,
      check("Log scale", (isOn) => { this.group.log = isOn; this.group.redraw(); }),
      check("Scaled rewards", (isOn) => { this.isScaled = isOn; this.load(); }),
      this.zoomButton,
      h("span", { class: "soft small hint" }, "Drag over a chart to zoom, double-click for everything"),
    );
  }

  update(job) {
    this.job = job;
    const state = `${job.progress.step} ${job.progress.iteration} ${job.status}`;
    if (state !== this.shown) this.load();
  }

  async load() {
    if (this.isLoading) {
      this.mustLoadAgain = true;
      return;
    }
    this.isLoading = true;
    const { progress, status } = this.job;
    try {
      await this.fetch();
      this.shown = `${progress.step} ${progress.iteration} ${status}`;
      this.draw();
    } catch (error) {
      if (!this.columns) fill(this.place, problemBox(error, () => this.load()));
    }
    this.isLoading = false;
    if (this.mustLoadAgain) {
      this.mustLoadAgain = false;
      this.load();
    }
  }

  names(panel) {
    return (this.isScaled && panel.scaled) || panel.names;
  }

  async fetch() {
    const path = `/v1/jobs/${this.job.id}`;
    const names = [...new Set(panels.flatMap((panel) => this.names(panel)))].filter((name) => !others.includes(name));
    const [columns, line, iterations, validations] = await Promise.all([
      this.metrics.load(names, { buckets: overviewBuckets, ...this.steps }),
      this.metrics.timeline(),
      get(`${path}/iterations`), get(`${path}/validations`),
    ]);
    Object.assign(this, { columns, line, iterations: iterations.data });
    this.columns.validation_loss = validationColumns(validations.data);
    for (const name of ["kl_actual", "kl_generated"]) this.columns[name] = klColumns(iterations.data, name);
    fill(this.table, this.iterations.length ? iterationsTable(this.iterations) : null);
  }

  /** The x of a step, on the axis that is chosen. */
  at = (step) => (this.group.x === "step" ? step : interpolated(this.line.step, this.line[this.group.x], step));

  zoomed(from, to) {
    this.zoomButton.hidden = from === null;
    const back = (x) => (this.group.x === "step" ? x : interpolated(this.line[this.group.x], this.line.step, x));
    // A step more on each side, so that lines go on to the edges.
    this.steps = from === null ? {} : { from: Math.max(0, Math.floor(back(from)) - 1), to: Math.ceil(back(to)) + 1 };
    clearTimeout(this.zoomTimer);
    this.zoomTimer = setTimeout(() => this.load(), 120);
  }

  draw(isNewAxis = false) {
    if (!this.columns) return;
    this.group.rules = beginnings(this.iterations).map(({ step, iteration }) => ({ at: this.at(step), label: `i${iteration}` }));
    if (!this.charts) {
      this.charts = panels.map((panel) => [panel, new Chart(panel, this.group)]);
      fill(this.place, this.charts.map(([, { element }]) => element));
    }
    if (isNewAxis) this.steps = {};
    for (const [panel, chart] of this.charts) {
      chart.show(this.names(panel).filter((name) => this.columns[name]).map((name, slot) => ({
        name, label: labels[name].label, columns: this.columns[name], at: this.at, slot,
        stairs: panel.stairs?.includes(name), right: panel.right?.includes(name),
      })));
    }
    if (isNewAxis) this.load();
  }

  close() {
    clearTimeout(this.zoomTimer);
    window.removeEventListener("themechange", this.onTheme);
    this.group.close();
  }
}

/** The first step of each iteration; one that has no step yet begins after the last. */
function beginnings(iterations) {
  return iterations.map(({ iteration, first_step: first }, index) => {
    const last = iterations[index - 1];
    const step = first ?? (last ? last.first_step + last.steps : 0);
    return { step, iteration };
  });
}
