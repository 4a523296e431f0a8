// One chart: lines with a band from least to largest, drawn by uPlot.

import { button, fill, h, setText } from "./dom.js";
import { bytes, count, duration, number } from "./format.js";
import { aligned, smoothed } from "./metrics.js";
import { color, dashes, faded, isDark, styleColor } from "./palette.js";

const byteSteps = Array.from({ length: 50 }, (_, power) => 2 ** power);
const axisFont = "11px Inter, system-ui, sans-serif";

/** Axis labels in one exponent or with one number of decimals, whichever is short. */
function tickTexts(values, asBytes) {
  if (asBytes) return values.map((value) => (value === null ? "" : bytes(value)));
  const known = values.filter((value) => value !== null);
  const largest = Math.max(...known.map(Math.abs));
  if (largest >= 1e4) return values.map((value) => (value === null ? "" : count(value)));
  if (largest > 0 && largest < 1e-2) return values.map((value) => (value === null ? "" : number(value, 3)));
  const gap = known.length > 1 ? Math.abs(known[1] - known[0]) : 1;
  let decimals = 0;
  while (decimals < 6 && Math.abs(gap * 10 ** decimals - Math.round(gap * 10 ** decimals)) > 1e-6) decimals += 1;
  return values.map((value) => (value === null ? "" : value.toFixed(decimals).replace("-", "−")));
}

const xTexts = {
  step: (value) => count(value).replace(/\.0+(?=\D|$)/, ""),
  time: duration,
  tokens: count,
};

/**
 * What charts side by side share: the x axis and its range, smoothing, scales, rules.
 * `onZoom(from, to)` is told of a range that a person chose, `null, null` for everything.
 */
export class ChartGroup {
  constructor(onZoom = () => {}) {
    Object.assign(this, { x: "step", smoothing: 0, log: false, rules: [], onZoom, charts: new Set() });
    this.sync = `group-${ChartGroup.next++}`;
    this.range = null;
  }

  static next = 0;

  zoom(from, to) {
    this.range = from === null ? null : [from, to];
    for (const chart of this.charts) chart.applyRange();
    this.onZoom(from, to);
  }

  redraw() {
    for (const chart of this.charts) chart.rebuild();
  }

  /** Curves come and go only when smoothing begins or ends. */
  smooth(weight) {
    const isSameKind = (weight > 0) === (this.smoothing > 0);
    this.smoothing = weight;
    for (const chart of this.charts) {
      if (isSameKind && chart.u) chart.setData();
      else chart.rebuild();
    }
  }

  close() {
    for (const chart of [...this.charts]) chart.close();
  }
}

/** `spec`: `title, unit, help, range, bytes`; lines come by `show`. */
export class Chart {
  constructor(spec, group) {
    this.spec = spec;
    this.group = group;
    this.lines = [];
    group.charts.add(this);
    this.legend = h("div", { class: "legend" });
    this.plot = h("div", {
      class: "plot", tabindex: "0", role: "group", "aria-roledescription": "chart",
      onkeydown: (event) => this.key(event),
    });
    this.status = h("p", { class: "hidden", role: "status" });
    this.tablePlace = h("div", { class: "chart-table", tabindex: "0", role: "region", "aria-label": `${spec.title}, as a table`, hidden: true });
    this.element = h(
      "section",
      { class: "card chart", "aria-label": spec.title },
      h(
        "header",
        {},
        h("h2", { title: spec.help }, spec.title, spec.unit ? h("small", {}, ` ${spec.unit}`) : null),
        h(
          "div",
          { class: "chart-tools" },
          button("Show as a table", { icon: "table", iconOnly: true, kind: "quiet", "aria-expanded": "false", onclick: (event) => this.toggleTable(event.currentTarget) }),
          button("Save as a picture", { icon: "image", iconOnly: true, kind: "quiet", onclick: () => this.savePicture() }),
        ),
      ),
      this.legend, this.plot, this.status, this.tablePlace,
    );
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
  }

  /** `[{name, label, columns, at, slot, stairs, right}]`; `slot` chooses colour and dash. */
  show(lines) {
    const layout = (all) => JSON.stringify(all.map(({ name, label, slot }) => [name, label, slot]));
    const isSame = this.u && layout(lines) === layout(this.lines);
    this.lines = lines;
    if (isSame) this.setData();
    else this.rebuild();
  }

  get data() {
    const { x, series } = aligned(this.lines);
    this.x = x;
    this.raw = series;
    // What an iteration leaves behind says nothing of the next one.
    const beginnings = new Set(this.group.rules.map(({ at }) => x.findIndex((value) => value >= at)));
    this.smooth = series.map(({ mean }, index) => (this.lines[index].stairs ? mean : smoothed(mean, this.group.smoothing, beginnings)));
    return [x, ...series.flatMap(({ min, max, mean }, index) => [max, min, mean, this.smooth[index]])];
  }

  rebuild() {
    this.u?.destroy();
    this.u = null;
    this.plot.querySelector(".none")?.remove();
    const isEmpty = !this.lines.length;
    if (isEmpty || !window.uPlot) {
      fill(this.legend);
      const text = window.uPlot ? "Nothing measured yet" : "This build of the server has no chart library: run scripts/setup and build again.";
      this.plot.append(h("p", { class: "none" }, text));
      return;
    }
    const data = this.data;
    this.buildLegend();
    this.u = new uPlot(this.options(), data, this.plot);
    this.applyRange();
    this.describe();
  }

  setData() {
    this.u.setData(this.data, false);
    // Only a change of scale makes it draw.
    this.applyRange();
    this.describe();
  }

  options() {
    const text = styleColor("--soft");
    const grid = styleColor("--grid");
    const hasRight = this.lines.some(({ right }) => right);
    const axis = { stroke: text, font: axisFont, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const values = (u, ticks) => tickTexts(ticks, this.spec.bytes);
    return {
      width: Math.max(this.plot.clientWidth, 120), height: 190, padding: [10, hasRight ? 4 : 12, 0, 2],
      legend: { show: false },
      scales: { x: { time: false, range: (u, min, max) => (min === max ? [min - 0.5, max + 0.5] : [min, max]) }, y: this.scale(), right: this.scale() },
      axes: [
        { ...axis, size: 26, gap: 4, space: 60, values: (u, ticks) => ticks.map((tick) => xTexts[this.group.x](tick)) },
        { ...axis, size: 54, gap: 4, space: 30, values, incrs: this.spec.bytes ? byteSteps : undefined },
        ...(hasRight ? [{ ...axis, scale: "right", side: 1, size: 46, gap: 4, grid: { show: false }, values }] : []),
      ],
      series: [{}, ...this.lines.flatMap((line) => this.series(line))],
      bands: this.lines.map(({ slot }, index) => ({ series: [1 + 4 * index, 2 + 4 * index], fill: faded(color(slot), isDark() ? 0.2 : 0.16) })),
      cursor: {
        sync: { key: this.group.sync, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7, show: (u, index) => (index % 4 === 0 ? undefined : null) },
        bind: { dblclick: () => () => { this.group.zoom(null, null); return null; } },
      },
      hooks: {
        setCursor: [() => this.showValues()],
        setSelect: [(u) => this.select(u)],
        drawClear: [(u) => this.drawRules(u)],
      },
    };
  }

  scale() {
    if (this.group.log) {
      const isPositive = this.lines.every(({ columns }) => columns.min.every((value) => value === null || value > 0));
      return isPositive ? { distr: 3 } : { distr: 4, asinh: 0.01 };
    }
    const range = this.spec.range;
    if (range) return { range: (u, min, max) => [Math.min(range[0], min), Math.max(range[1], max)] };
    return {};
  }

  series({ slot, stairs, right }) {
    const stroke = color(slot);
    const isSmooth = this.group.smoothing > 0 && !stairs;
    const scale = right ? "right" : "y";
    const paths = stairs ? uPlot.paths.stepped({ align: 1 }) : undefined;
    const edge = { scale, spanGaps: true, stroke: "transparent", width: 0, points: { show: false }, paths };
    const few = (u) => u.data[0].length <= 40;
    return [
      edge, edge,
      { scale, spanGaps: true, stroke: isSmooth ? faded(stroke, 0.35) : "transparent", width: 1, points: { show: false }, show: isSmooth },
      { scale, spanGaps: true, stroke, width: 2, dash: dashes[slot % dashes.length], paths, points: { show: few, size: 5, fill: stroke } },
    ];
  }

  applyRange() {
    if (!this.u || !this.x?.length) return;
    const [min, max] = this.group.range ?? [this.x[0], this.x.at(-1)];
    this.u.setScale("x", { min, max });
  }

  resize() {
    const width = this.plot.clientWidth;
    if (this.u && width > 0 && Math.abs(width - this.u.width) > 1) this.u.setSize({ width, height: 190 });
  }

  select(u) {
    const { left, width } = u.select;
    if (width < 6) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.group.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
  }

  /** Vertical rules where iterations begin. */
  drawRules(u) {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = styleColor("--rule");
    ctx.fillStyle = styleColor("--soft");
    ctx.font = `${10 * ratio}px Inter, system-ui, sans-serif`;
    ctx.lineWidth = ratio;
    ctx.setLineDash([]);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    let clear = -Infinity;
    for (const { at, label } of this.group.rules) {
      const x = Math.round(u.valToPos(at, "x", true));
      if (x < bbox.left - 1 || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (x > clear) {
        ctx.fillText(label, x + 4 * ratio, bbox.top + 9 * ratio);
        clear = x + ctx.measureText(label).width + 10 * ratio;
      }
    }
    ctx.restore();
  }

  get place() {
    const place = this.u?.cursor.idx;
    // After new data it may still be one of the old.
    return place === null || place === undefined || place >= this.x.length ? null : place;
  }

  text(value) {
    return this.spec.bytes ? bytes(value) : number(value);
  }

  /** One entry a line; what it says is a matter of `showValues`. */
  buildLegend() {
    this.entries = this.lines.map(({ label, slot, right }) => {
      const swatch = h("svg", { class: "swatch", viewBox: "0 0 22 6", "aria-hidden": "true" }, h("path", { d: "M1 3h20", stroke: color(slot), "stroke-width": "2.5", "stroke-dasharray": dashes[slot % dashes.length].join(" ") }));
      const [value, range] = [h("b"), h("span", { class: "soft" })];
      return { value, range, element: h("span", { class: "legend-item" }, swatch, h("span", {}, label, right ? " →" : ""), value, range) };
    });
    this.where = h("span", { class: "legend-x" });
    fill(this.legend, this.entries.map(({ element }) => element), this.where);
  }

  /** The values under the cursor, else the last ones; at every move of the pointer, on every chart of the group. */
  showValues() {
    if (!this.u) return;
    const place = this.place;
    this.entries.forEach(({ value, range }, line) => {
      const [raw, smooth] = [this.raw[line], this.smooth[line]];
      setText(value, this.text(place === null ? smooth.findLast((one) => one !== null) : smooth[place]));
      const isBand = place !== null && raw.min[place] !== null && raw.min[place] !== raw.max[place];
      setText(range, isBand ? ` (${this.text(raw.min[place])} … ${this.text(raw.max[place])})` : "");
    });
    setText(this.where, place === null ? "" : `${this.group.x} ${xTexts[this.group.x](this.x[place])}`);
  }

  /** What there is to say of new data. */
  describe() {
    this.showValues();
    this.plot.setAttribute("aria-label", `${this.spec.title}. ${this.summary()}. Arrow keys read values, plus and minus zoom, 0 shows everything.`);
    this.showTable();
  }

  summary() {
    return this.lines.map(({ label }, line) => {
      const { mean, min, max } = this.raw[line];
      const known = (values) => values.filter((value) => value !== null);
      const [all, least, largest] = [mean, min, max].map(known);
      return `${label}: first ${this.text(all[0])}, last ${this.text(all.at(-1))}, from ${this.text(least.reduce((a, b) => Math.min(a, b), Infinity))} to ${this.text(largest.reduce((a, b) => Math.max(a, b), -Infinity))}`;
    }).join("; ");
  }

  key(event) {
    if (!this.u || event.target !== this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const stride = event.shiftKey ? 10 : 1;
    const actions = {
      ArrowLeft: () => this.moveCursor(-stride), ArrowRight: () => this.moveCursor(stride),
      Home: () => this.moveCursor(-Infinity), End: () => this.moveCursor(Infinity),
      "+": () => this.scaleRange(0.5), "=": () => this.scaleRange(0.5), "-": () => this.scaleRange(2),
      0: () => this.group.zoom(null, null), Escape: () => this.group.zoom(null, null),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  moveCursor(by) {
    const { min, max } = this.u.scales.x;
    const first = this.x.findIndex((value) => value >= min);
    const last = this.x.findLastIndex((value) => value <= max);
    const from = this.place ?? (by < 0 ? last + 1 : first - 1);
    const place = Math.max(first, Math.min(last, from + by));
    this.u.setCursor({ left: this.u.valToPos(this.x[place], "x"), top: 20 }, true, true);
    setText(this.status, `${this.group.x} ${this.x[place]}: ${this.lines.map(({ label }, line) => `${label} ${this.text(this.smooth[line][place])}`).join(", ")}`);
  }

  scaleRange(factor) {
    const { min, max } = this.u.scales.x;
    const middle = this.place === null ? (min + max) / 2 : this.x[this.place];
    const [low, high] = [this.x[0], this.x.at(-1)];
    const half = ((max - min) / 2) * factor;
    const [from, to] = this.group.range === null ? [low, high] : [low - (high - low) * 8, high + (high - low) * 8];
    const [left, right] = [Math.max(from, middle - half), Math.min(to, middle + half)];
    if (factor > 1 && left <= low && right >= high) this.group.zoom(null, null);
    else this.group.zoom(left, right);
  }

  toggleTable(toggle) {
    const isShown = this.tablePlace.hidden;
    this.tablePlace.hidden = !isShown;
    toggle.setAttribute("aria-expanded", String(isShown));
    this.showTable();
  }

  showTable() {
    fill(this.tablePlace, !this.tablePlace.hidden && this.x ? this.table() : null);
  }

  /** The points of the chart; few enough to read. */
  table() {
    const stride = Math.ceil(this.x.length / 200);
    const rows = this.x.map((x, place) => [x, place]).filter(([, place]) => place % stride === 0);
    return h(
      "table",
      {},
      h("caption", {}, this.spec.title),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, this.group.x), this.lines.map(({ label }) => h("th", { scope: "col" }, label)))),
      h("tbody", {}, rows.map(([x, place]) => h("tr", {}, h("th", { scope: "row" }, xTexts[this.group.x](x)), this.raw.map(({ mean }) => h("td", {}, this.text(mean[place])))))),
    );
  }

  savePicture() {
    const source = this.u?.ctx.canvas;
    if (!source) return;
    const picture = h("canvas", { width: source.width, height: source.height });
    const context = picture.getContext("2d");
    context.fillStyle = styleColor("--card");
    context.fillRect(0, 0, picture.width, picture.height);
    context.drawImage(source, 0, 0);
    h("a", { href: picture.toDataURL("image/png"), download: `${this.spec.title}.png` }).click();
  }

  close() {
    this.observer.disconnect();
    this.u?.destroy();
    this.group.charts.delete(this);
  }
}
