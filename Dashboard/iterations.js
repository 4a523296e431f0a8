// A row for each iteration, what changed since the last one, and a warning where it got worse.

import { h, icon } from "./dom.js";
import { duration, integer, number, percent, signed } from "./format.js";

const columns = [
  { key: "end_loss", text: "Loss", help: "Mean over the last quarter of the steps." },
  { key: "end_acc", text: "Accuracy", format: (value) => percent(value, 1), difference: (value) => `${signed(value * 100, 3)} pp` },
  { key: "end_rewards_margin_mean", text: "Margin" },
  { key: "end_rewards_actual_mean", text: "Reward actual" },
  { key: "end_rewards_generated_mean", text: "Reward generated" },
  { key: "validation_loss", text: "Validation loss", better: -1 },
  { key: "kl_actual", text: "KL actual", error: "kl_actual_se", help: "KL(policy‖reference policy) along actual responses at the iteration's end, nats a response." },
  { key: "kl_generated", text: "KL generated", error: "kl_generated_se", help: "The same along generated responses." },
];

const isNumber = (value) => typeof value === "number";

/** What got worse in an iteration, in words; empty when nothing did. */
export function warnings(iteration, last) {
  const found = [];
  if (last && isNumber(iteration.validation_loss) && isNumber(last.validation_loss) && iteration.validation_loss > last.validation_loss) {
    found.push(`validation loss rose by ${number(iteration.validation_loss - last.validation_loss, 3)}`);
  }
  if (isNumber(iteration.end_rewards_actual_mean) && iteration.end_rewards_actual_mean < 0) {
    found.push("actual responses became less likely");
  }
  if (isNumber(iteration.end_rewards_margin_mean) && iteration.end_rewards_margin_mean < 0) {
    found.push("generated responses are preferred to actual ones");
  }
  return found;
}

function cell(column, iteration, last) {
  const value = iteration[column.key];
  const change = last && isNumber(value) && isNumber(last[column.key]) ? value - last[column.key] : null;
  const isWorse = change !== null && column.better && Math.sign(change) === -column.better;
  const isBetter = change !== null && column.better && Math.sign(change) === column.better;
  return h(
    "td", { class: "number" },
    h("span", {}, (column.format ?? number)(value)),
    column.error && isNumber(iteration[column.error]) ? h("small", { class: "soft" }, `± ${number(iteration[column.error], 2)}`) : null,
    change === null ? null : h("small", { class: isWorse ? "worse" : isBetter ? "better" : "soft" }, (column.difference ?? signed)(change)),
  );
}

export function iterationsTable(iterations) {
  const share = (part, whole) => (isNumber(part) && whole ? percent(part / whole) : "–");
  const rows = iterations.map((one, index) => {
    const last = iterations[index - 1];
    const worse = one.is_finished ? warnings(one, last) : [];
    return h(
      "tr", {},
      h("th", { scope: "row" }, String(one.iteration), one.is_finished ? null : h("span", { class: "tag" }, "now")),
      h("td", { class: "number" }, number(one.kl_penalty)),
      columns.map((column) => cell(column, one, last)),
      h("td", { class: "number" }, integer(one.pairs), h("small", { class: "soft" }, `${share(one.identical_pairs, one.pairs)} identical, ${share(one.truncated_pairs, one.pairs)} cut off`)),
      h("td", { class: "number" }, duration(one.train_seconds), h("small", { class: "soft" }, `rollout ${duration(one.rollout_seconds)}`)),
      h("td", {}, worse.length ? h("span", { class: "warn" }, icon("warning"), worse.join("; ")) : one.is_finished ? h("span", { class: "soft" }, "–") : h("span", { class: "soft" }, "being played")),
    );
  });
  return h(
    "section", { class: "card", "aria-labelledby": "iterations-title" },
    h("h2", { id: "iterations-title" }, "Iterations"),
    h("p", { class: "soft small" }, "The small figures are changes against the iteration before. Rewards are measured against each iteration's own reference policy; validation loss is what compares over all of them."),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of iterations" },
      h("table", {},
        h("thead", {}, h("tr", {},
          h("th", { scope: "col" }, "#"), h("th", { scope: "col", class: "number" }, "KL penalty"),
          columns.map(({ text, help }) => h("th", { scope: "col", class: "number", title: help }, text)),
          h("th", { scope: "col", class: "number" }, "Pairs"), h("th", { scope: "col", class: "number" }, "Time"), h("th", { scope: "col" }, "Warning"))),
        h("tbody", {}, rows))),
  );
}
