// How likely each token of a pair is to the policy and to its reference policy.

import { get, post } from "./api.js";
import { button, fill, h, loading } from "./dom.js";
import { integer, number, signed } from "./format.js";
import { problemBox } from "./job-parts.js";

const kinds = ["actual", "generated"];
const titles = { actual: "Actual", generated: "Generated" };

/** What can be shaded: a value for each token, and from which amounts on it counts as more. */
const shadings = {
  change: { label: "Change", value: (token) => token.policy - token.reference, amounts: [0.05, 0.25, 1] },
  policy: { label: "Policy", value: (token) => token.policy, amounts: [0.1, 1, 3] },
  reference: { label: "Reference", value: (token) => token.reference, amounts: [0.1, 1, 3] },
};

/**
 * The models of an iteration: its reference policy, and the policy at its end, or at the newest
 * checkpoint while it lasts; `policy` is null where none is kept.
 */
async function players(job, iteration) {
  const [iterations, checkpoints] = await Promise.all([get(`/v1/jobs/${job.id}/iterations`), get(`/v1/jobs/${job.id}/checkpoints`)]);
  const record = iterations.data.find((one) => one.iteration === iteration);
  const own = checkpoints.data.filter((one) => (one.is_iteration_end ? one.iteration - 1 : one.iteration) === iteration);
  const policy = own.find((one) => one.is_iteration_end) ?? own[0] ?? null;
  return { reference: record?.reference_checkpoint ?? job.configuration.model, policy };
}

/** Log-probabilities of a response's tokens, which the server computes without writing any text. */
async function score(model, prompt, response) {
  const { choices } = await post("/v1/completions", { model, prompt: [...prompt, ...response], max_tokens: 0, echo: true, logprobs: 0 });
  const { tokens, token_logprobs: values } = choices[0].logprobs;
  return response.map((_, index) => ({ text: tokens[prompt.length + index], value: values[prompt.length + index] ?? 0 }));
}

async function scored(job, sample) {
  const { reference, policy } = await players(job, sample.iteration);
  const tokens = {};
  for (const kind of kinds) {
    const ids = sample[`${kind}_ids`];
    const [theirs, ours] = await Promise.all([score(reference, sample.prompt_ids, ids), policy ? score(policy.id, sample.prompt_ids, ids) : null]);
    tokens[kind] = theirs.map(({ text, value }, index) => ({ text, reference: value, policy: ours?.[index].value }));
  }
  return { reference, policy, tokens };
}

/** A place for the tokens of a sample; asks the server at once. */
export function tokenShades(job, sample) {
  const element = h("div", { class: "shades" }, loading(1));
  const ask = async () => {
    try {
      const found = await scored(job, sample);
      fill(element, new TokenShades(found).element);
    } catch (error) {
      fill(element, problemBox(error, ask));
    }
  };
  ask();
  return element;
}

class TokenShades {
  constructor({ reference, policy, tokens }) {
    this.tokens = tokens;
    this.hasPolicy = policy !== null;
    this.status = h("p", { class: "small shade-status", role: "status" }, "Point at a token, or go through them with the arrow keys.");
    this.sides = h("div", { class: "pair" });
    this.legend = h("div", { class: "row small soft shade-legend" });
    this.table = h("div", { class: "scroll" });
    const names = this.hasPolicy ? Object.keys(shadings) : ["reference"];
    this.choices = new Map(names.map((name) => [name, h("button", { type: "button", onclick: () => this.choose(name) }, shadings[name].label)]));
    this.element = h(
      "div", { class: "stack" },
      h("div", { class: "row between" },
        h("div", { class: "segments", role: "group", "aria-label": "What is shaded" }, [...this.choices.values()]),
        button("Show as a table", { icon: "table", kind: "quiet", "aria-expanded": "false", onclick: (event) => this.toggleTable(event.currentTarget) })),
      h("p", { class: "small soft" }, "Natural log-probability of each token. Reference policy ", h("code", {}, reference), "; ",
        policy ? ["policy ", h("code", {}, policy.id), policy.is_iteration_end ? " at the iteration's end." : ` after ${integer(policy.step)} steps.`]
          : "no checkpoint of this iteration's policy is kept (checkpoint.keep)."),
      this.legend, this.sides, this.status, this.table,
    );
    this.choose(names[0]);
  }

  choose(name) {
    this.shading = shadings[name];
    for (const [one, choice] of this.choices) choice.setAttribute("aria-pressed", String(one === name));
    fill(this.sides, kinds.map((kind) => this.side(kind)));
    fill(this.legend, legend(name, this.shading.amounts));
  }

  side(kind) {
    const tokens = this.tokens[kind];
    const spans = tokens.map((token, index) => h("span", { class: "token", "data-shade": this.shade(token), onpointerenter: () => this.tell(kind, index) }, visible(token.text)));
    let current = -1;
    const key = (event) => {
      const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: tokens.length - 1 }[event.key];
      if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      spans[current]?.classList.remove("current");
      current = Math.min(Math.max(next, 0), tokens.length - 1);
      spans[current]?.classList.add("current");
      this.tell(kind, current);
    };
    return h(
      "div", { class: "side-text" },
      h("h2", {}, titles[kind]),
      h("div", { class: "text tokens", tabindex: "0", role: "group", "aria-label": `${integer(tokens.length)} tokens of the ${kind} response. Arrow keys read them.`, onkeydown: key }, spans),
      h("p", { class: "soft small" }, this.sums(tokens)),
    );
  }

  shade(token) {
    const value = this.shading.value(token);
    const level = this.shading.amounts.filter((amount) => Math.abs(value) >= amount).length;
    return level ? `${value < 0 ? "down" : "up"}${level}` : null;
  }

  sums(tokens) {
    const sum = (name) => tokens.reduce((total, token) => total + token[name], 0);
    if (!this.hasPolicy) return `reference ${number(sum("reference"))}`;
    return `policy ${number(sum("policy"))} · reference ${number(sum("reference"))} · reward ${signed(sum("policy") - sum("reference"))}`;
  }

  tell(kind, index) {
    const token = this.tokens[kind][index];
    const change = this.hasPolicy ? `policy ${number(token.policy)}, reference ${number(token.reference)}, change ${signed(token.policy - token.reference)}` : `reference ${number(token.reference)}`;
    fill(this.status, `${titles[kind]}, token ${index + 1}: `, h("b", {}, `“${visible(token.text)}”`), ` ${change}`);
  }

  toggleTable(toggle) {
    const mustShow = !this.table.firstChild;
    toggle.setAttribute("aria-expanded", String(mustShow));
    fill(this.table, mustShow ? kinds.map((kind) => this.rows(kind)) : null);
  }

  rows(kind) {
    const names = this.hasPolicy ? ["policy", "reference"] : ["reference"];
    const cell = (text) => h("td", { class: "number" }, text);
    return h(
      "table", { class: "shade-table" },
      h("caption", {}, `Tokens of the ${kind} response`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Token"), [...names, ...(this.hasPolicy ? ["change"] : [])].map((name) => h("th", { scope: "col", class: "number" }, name)))),
      h("tbody", {}, this.tokens[kind].map((token) => h("tr", {},
        h("th", { scope: "row" }, h("code", {}, visible(token.text))),
        names.map((name) => cell(number(token[name]))),
        this.hasPolicy ? cell(signed(token.policy - token.reference)) : null))),
    );
  }
}

/** Line ends are seen, and go on being line ends. */
function visible(text) {
  return text.replaceAll("\n", "↵\n");
}

/** Every shade with its meaning; line and thickness say the same as the colour. */
function legend(name, amounts) {
  const item = (shade, text) => h("span", {}, h("span", { class: "token", "data-shade": shade }, "token"), ` ${text}`);
  const levels = amounts.map((amount, index) => [index + 1, amount]);
  if (name !== "change") return levels.map(([level, amount]) => item(`down${level}`, `below −${amount}`));
  return [
    ...levels.toReversed().map(([level, amount]) => item(`down${level}`, `−${amount}`)),
    ...levels.map(([level, amount]) => item(`up${level}`, `+${amount}`)),
    h("span", {}, "nats or more; dotted: less likely than to the reference policy"),
  ];
}
