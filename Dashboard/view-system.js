// The server itself: version, health, what it has done, what it keeps.

import { get, getIfThere, send } from "./api.js";
import { button, fill, h, loading } from "./dom.js";
import { ago, bytes, count, duration, exact, integer, number, percent } from "./format.js";
import { heading, problemBox, tile } from "./job-parts.js";
import { talkButton } from "./chat.js";
import { follow, live } from "./live.js";
import { histogramShare, parseMetrics, sum } from "./prometheus.js";

const pauseMilliseconds = 3000;

export function systemView() {
  const view = new SystemView();
  return { title: "System", element: view.element, close: () => view.close() };
}

class SystemView {
  constructor() {
    this.place = h("div", { class: "stack" }, loading(4));
    this.element = h("div", {}, heading("System", "The server that gave this page."), this.place);
    this.load();
    this.stop = follow(() => { if (live.connection === "connected" && this.failed) this.load(); });
  }

  async load() {
    this.failed = false;
    try {
      const [index, health, ready, models, datasets] = await Promise.all([
        get("/v1"), get("/healthz"), get("/readyz").catch((error) => error), get("/v1/models"), get("/v1/datasets"),
      ]);
      this.environment = await newestEnvironment();
      this.build(index, health, ready, models.data, datasets.data);
      this.poll();
    } catch (error) {
      this.failed = true;
      fill(this.place, problemBox(error, () => this.load()));
    }
  }

  build(index, health, ready, models, datasets) {
    this.figures = h("div", {});
    this.requests = h("div", { class: "stack" });
    const { environment } = this;
    const isReady = ready.status === "ready";
    fill(
      this.place,
      h("dl", { class: "tiles" }, [
        tile("Version", index.version), tile("Health", health.status), tile("Ready", isReady ? "yes" : "no", isReady ? null : ready.message),
        tile("Kernel", environment?.blas_kernel ?? "–", environment ? "matrix products, last run" : "no job has run"),
        tile("Threads", integer(environment?.threads), "for training"),
        tile("Matrix products", environment?.sgemm_gflops ? `${number(environment.sgemm_gflops, 3)}\u202fGFLOP/s` : "–", "at the start of the last run"),
      ].map(({ element }) => element)),
      this.figures, this.requests,
      table("Models", ["Name", "Family", "Parameters", "Size", "Context", ""], models.map((one) => [
        h("b", {}, one.name), `${one.family}, ${one.format}`, count(one.parameters), bytes(one.bytes), `${integer(one.context_length)} tokens`,
        talkButton(one.name, one.name, "quiet"),
      ])),
      table("Data sets", ["Name", "Rows", "Forms", "Size", "Since"], datasets.map((one) => [
        h("b", {}, one.name), integer(one.rows), Object.keys(one.forms ?? {}).join(", "), bytes(one.bytes), h("time", { datetime: one.created_at, title: exact(one.created_at) }, ago(one.created_at)),
      ])),
      h("p", { class: "soft small" }, h("a", { href: "/openapi.yaml" }, "openapi.yaml"), " describes every route. Charts by uPlot: ", h("a", { href: new URL("licences.txt", import.meta.url).pathname }, "licence"), "."),
    );
  }

  /** Prometheus' figures, where the server has them; rates are between two looks. */
  async poll() {
    let text;
    try {
      text = await (await send("GET", "/metrics", { accept: "text/plain" })).text();
    } catch (error) {
      if (error.status === 404) {
        fill(this.figures, h("p", { class: "notice" }, "This server has no /metrics: request rates, disk and database are not shown."));
        return;
      }
    }
    if (text !== undefined) this.showMetrics(parseMetrics(text));
    this.timer = setTimeout(() => { if (this.place.isConnected) this.poll(); }, pauseMilliseconds);
  }

  showMetrics(metrics) {
    const now = performance.now();
    const seconds = this.before ? (now - this.before.at) / 1000 : null;
    const rate = (name) => (seconds ? Math.max(0, sum(metrics, name) - sum(this.before.metrics, name)) / seconds : null);
    this.before = { metrics, at: now };
    const figures = figuresOf(metrics, rate).filter(([, value]) => value !== "–");
    fill(this.figures, h("dl", { class: "tiles" }, figures.map(([name, value, note]) => tile(name, value, note).element)));
    fill(this.requests, phaseTable(metrics), requestTable(metrics));
  }

  close() {
    this.stop();
    clearTimeout(this.timer);
  }
}

/** What the newest run computed with. */
async function newestEnvironment() {
  for (const job of live.jobs.filter(({ started_at: started }) => started).slice(0, 3)) {
    const page = await getIfThere(`/v1/jobs/${job.id}/events`, { limit: 200 });
    const found = page?.data.findLast(({ type }) => type === "run.environment");
    if (found) return found.data;
  }
  return null;
}

/** `[name, value, note]` */
function figuresOf(metrics, rate) {
  const value = (name) => (metrics[name] ? sum(metrics, name) : null);
  const latency = metrics.spin_http_request_seconds_bucket ?? [];
  const commits = value("spin_db_commit_seconds_count");
  return [
    ["Requests a second", number(rate("spin_http_requests_total"), 3), `${integer(value("spin_http_requests_total"))} in all`],
    ["Half answered within", duration(histogramShare(latency, 0.5)), `99 % within ${duration(histogramShare(latency, 0.99))}`],
    ["Listening clients", integer(value("spin_sse_clients")), "to events"],
    ["Disk free", bytes(value("spin_disk_free_bytes")), "where the data lies"],
    ["Database", bytes(value("spin_db_bytes")), `log ${bytes(value("spin_db_wal_bytes"))}`],
    ["Commits", integer(commits), commits ? `${duration(value("spin_db_commit_seconds_sum") / commits)} each` : ""],
    ["Checkpoints", bytes(value("spin_checkpoint_bytes")), "on the disk"],
    ["Processor", percent(rate("process_cpu_seconds_total")), "of one core"],
    ["Memory", bytes(value("process_resident_memory_bytes")), "of the process"],
  ];
}

/** Where the time of all jobs went. */
function phaseTable(metrics) {
  const phases = Map.groupBy(metrics.spin_phase_seconds_total ?? [], ({ labels }) => labels.phase);
  const seconds = [...phases].map(([phase, samples]) => [phase, samples.reduce((total, { value }) => total + value, 0)]);
  const all = seconds.reduce((total, [, value]) => total + value, 0);
  if (!all) return null;
  return table("Where the time goes", ["Phase", "Time", "Share", ""], seconds.map(([phase, value]) => [
    phase, duration(value), percent(value / all, 1), h("progress", { value: String(value), max: String(all), "aria-label": `Share of ${phase}` }),
  ]));
}

function requestTable(metrics) {
  const routes = Map.groupBy(metrics.spin_http_requests_total ?? [], ({ labels }) => labels.route);
  const total = (samples) => samples.reduce((sum, { value }) => sum + value, 0);
  const rows = [...routes].map(([route, samples]) => ({
    route, all: total(samples), failed: total(samples.filter(({ labels }) => Number(labels.code) >= 400)),
  })).sort((a, b) => b.all - a.all).slice(0, 15);
  return rows.length ? table("Requests by route", ["Route", "Answered", "Refused or failed"], rows.map((row) => [h("code", {}, row.route), integer(row.all), integer(row.failed)])) : null;
}

function table(title, columns, rows) {
  return h(
    "section", { class: "card", "aria-label": title },
    h("h2", {}, title),
    rows.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table of ${title.toLowerCase()}` }, h("table", {},
      h("thead", {}, h("tr", {}, columns.map((text) => (text ? h("th", { scope: "col" }, text) : h("td", {}))))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))))) : h("p", { class: "soft" }, "None yet."),
  );
}
