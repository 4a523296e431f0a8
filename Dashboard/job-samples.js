// Pairs of responses: what the data says, and what the model said at an iteration.

import { all, get } from "./api.js";
import { writesTexts } from "./chat.js";
import { button, empty, fill, h, loading } from "./dom.js";
import { wordDiff } from "./diff.js";
import { integer, number } from "./format.js";
import { problemBox } from "./job-parts.js";
import { tokenShades } from "./token-shades.js";

const cardsAtOnce = 20;
const maximumSamples = 3000;

const margin = (sample) => sample.reference_logp_actual - sample.reference_logp_generated;
const orders = {
  index: ["In order", (a, b) => a.index - b.index],
  least: ["Smallest margin first", (a, b) => margin(a) - margin(b)],
  most: ["Largest margin first", (a, b) => margin(b) - margin(a)],
};
const reasons = { stop_token: "ended by itself", end_string: "ended by an end string", length: "cut off at its length" };

export function samplesTab(job) {
  const tab = new SamplesTab(job);
  return { element: tab.element, update: (now) => tab.update(now) };
}

class SamplesTab {
  constructor(job) {
    this.job = job;
    this.cache = new Map();
    this.count = 0;
    this.shown = cardsAtOnce;
    this.slider = h("input", { type: "range", id: "iteration", min: "0", step: "1", oninput: () => this.choose(Number(this.slider.value)) });
    this.label = h("output", { for: "iteration" }, "–");
    this.order = h("select", { "aria-label": "Order", onchange: () => this.draw() }, Object.entries(orders).map(([value, [text]]) => h("option", { value }, text)));
    this.search = h("input", { type: "search", placeholder: "Words in a pair", "aria-label": "Search samples", oninput: () => this.draw() });
    this.cards = h("div", { class: "stack" }, loading());
    this.element = h(
      "div", { class: "stack" },
      h("div", { class: "row toolbar" },
        h("label", { for: "iteration" }, "Iteration"), this.slider, this.label, this.order, this.search),
      h("p", { class: "soft small" },
        "Margin: the reference policy's log-probability of the actual response less that of the generated one. ",
        h("mark", { class: "actual" }, "Marked"), " words stand only in the actual response, ", h("mark", { class: "generated" }, "these"), " only in the generated one."),
      this.cards,
    );
  }

  update(job) {
    const state = `${job.progress.iteration} ${job.progress.phase} ${job.status}`;
    if (state === this.state) return;
    this.state = state;
    this.loadIterations();
  }

  async loadIterations() {
    try {
      const { data } = await get(`/v1/jobs/${this.job.id}/iterations`);
      const isFollowing = this.iteration === undefined || this.iteration === this.count - 1;
      // Only iterations whose responses are all there.
      const ready = data.filter(({ pairs }) => pairs !== null);
      this.count = ready.length;
      this.slider.max = Math.max(0, this.count - 1);
      this.slider.disabled = this.count < 2;
      if (!this.count) fill(this.cards, empty("No samples yet", "They appear when the first rollout is done."));
      else if (isFollowing) this.choose(this.count - 1);
      else fill(this.label, `${this.iteration} of 0 … ${this.count - 1}`);
    } catch (error) {
      if (!this.cache.size) fill(this.cards, problemBox(error, () => this.loadIterations()));
    }
  }

  async choose(iteration) {
    this.iteration = iteration;
    this.slider.value = String(iteration);
    fill(this.label, `${iteration} of 0 … ${this.count - 1}`);
    try {
      this.samples = await this.load(iteration);
      if (this.iteration === iteration) this.draw();
    } catch (error) {
      fill(this.cards, problemBox(error, () => this.choose(iteration)));
    }
  }

  load(iteration) {
    if (!this.cache.has(iteration)) {
      const found = all(`/v1/jobs/${this.job.id}/samples`, { iteration }, { most: maximumSamples });
      found.catch(() => this.cache.delete(iteration));
      this.cache.set(iteration, found);
    }
    return this.cache.get(iteration);
  }

  draw() {
    const text = this.search.value.toLowerCase();
    const wanted = this.samples.filter((one) => !text || [one.prompt, one.actual, one.generated].some((part) => part?.toLowerCase().includes(text)))
      .toSorted(orders[this.order.value][1]);
    if (!wanted.length) {
      fill(this.cards, empty("No such samples", text ? "Search for other words." : "This iteration left none."));
      return;
    }
    const rest = wanted.length - this.shown;
    fill(
      this.cards,
      wanted.slice(0, this.shown).map((sample) => this.card(sample)),
      rest > 0 ? h("div", { class: "row center" }, button(`Show ${Math.min(rest, cardsAtOnce)} more of ${integer(rest)}`, { onclick: () => { this.shown += cardsAtOnce; this.draw(); } })) : null,
    );
  }

  card(sample) {
    const history = h("div", { class: "history" });
    const earlier = button("All iterations", { kind: "quiet", "aria-expanded": "false", onclick: () => this.toggleHistory(sample, history, earlier) });
    const shades = h("div", {});
    const tokens = button("Tokens", {
      kind: "quiet", title: "How likely each token is to the policy and to its reference policy", "aria-expanded": "false",
      onclick: () => toggle(tokens, shades, () => tokenShades(this.job, sample)),
    });
    const [actual, generated] = wordDiff(textOf(sample, "actual"), textOf(sample, "generated"));
    return h(
      "article", { class: "card sample", "aria-label": `Sample ${sample.index}` },
      h("header", { class: "row between" },
        h("span", { class: "soft" }, `#${sample.index} · row ${sample.row}`),
        h("span", {}, h("span", { class: "soft" }, "margin "), h("b", {}, number(margin(sample))), " nats"),
        h("span", { class: "row" }, writesTexts() ? tokens : null, this.count > 1 ? earlier : null)),
      h("div", { class: "prompt" }, h("h2", {}, "Prompt"), h("p", { class: "text" }, textOf(sample, "prompt"))),
      h("div", { class: "pair" }, side("Actual", actual, "actual", sample), side("Generated", generated, "generated", sample)),
      shades, history,
    );
  }

  /** What the model said to the same prompt at every iteration. */
  async toggleHistory(sample, place, control) {
    if (!toggle(control, place, () => loading(1))) return null;
    try {
      const lists = await Promise.all(Array.from({ length: this.count }, (_, iteration) => this.load(iteration)));
      const same = lists.map((list) => list.find(({ row, epoch }) => row === sample.row && epoch === sample.epoch));
      return fill(place, same.filter(Boolean).map((one) => h("div", { class: "history-row" },
        h("span", { class: "tag" }, `iteration ${one.iteration}`),
        h("p", { class: "text" }, wordDiff(textOf(one, "actual"), textOf(one, "generated"))[1].map((piece) => marked(piece, "generated"))),
        h("span", { class: "soft" }, `margin ${number(margin(one))}`))));
    } catch (error) {
      return fill(place, problemBox(error));
    }
  }
}

/** Shows what `make` gives, or removes it; true when it is shown. */
function toggle(control, place, make) {
  const mustShow = !place.firstChild;
  control.setAttribute("aria-expanded", String(mustShow));
  fill(place, mustShow ? make() : null);
  return mustShow;
}

function textOf(sample, part) {
  return sample[part] ?? `tokens ${(sample[`${part}_ids`] ?? []).join(" ")}`;
}

function marked({ text, isOwn }, kind) {
  return isOwn && text.trim() ? h("mark", { class: kind }, text) : text;
}

function side(title, pieces, kind, sample) {
  const tokens = sample[`${kind}_ids`]?.length ?? 0;
  const logp = sample[`reference_logp_${kind}`];
  return h(
    "div", { class: `side-text ${kind}` },
    h("h2", {}, title),
    h("p", { class: "text" }, pieces.map((piece) => marked(piece, kind))),
    h("p", { class: "soft small" },
      `log-probability ${number(logp)}${tokens ? ` (${number(logp / tokens, 3)} a token)` : ""} · ${integer(tokens)} tokens`,
      kind === "generated" ? ` · ${reasons[sample.stop_reason] ?? sample.stop_reason}` : ""),
  );
}
