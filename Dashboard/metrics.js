// Metrics of jobs, in buckets: what the charts draw.

import { get } from "./api.js";

/** `better`: 1 where more is better, -1 where less is; nothing where neither can be said. */
export const labels = {
  loss: { label: "Loss", better: -1 },
  sft_loss: { label: "Supervised loss", better: -1 },
  validation_loss: { label: "Validation loss", better: -1 },
  acc: { label: "Accuracy", better: 1 },
  rewards_margin_mean: { label: "Margin", better: 1 },
  scaled_rewards_margin_mean: { label: "Margin, scaled", better: 1 },
  rewards_actual_mean: { label: "Actual", better: 1 },
  rewards_generated_mean: { label: "Generated" },
  scaled_rewards_actual_mean: { label: "Actual", better: 1 },
  scaled_rewards_generated_mean: { label: "Generated" },
  logps_actual_mean: { label: "Actual", better: 1 },
  logps_generated_mean: { label: "Generated" },
  kl_penalty: { label: "KL penalty" },
  kl_actual: { label: "KL, actual" },
  kl_generated: { label: "KL, generated" },
  estimated_kl: { label: "KL, estimated" },
  lr: { label: "Learning rate" },
  grad_norm: { label: "Gradient norm" },
  tokens_per_second: { label: "Train", better: 1 },
  rollout_tokens_per_second: { label: "Rollout", better: 1 },
  reference_tokens_per_second: { label: "Reference", better: 1 },
  saturated_fraction: { label: "Saturated" },
  identical_fraction: { label: "Identical" },
  avg_generated_lengths: { label: "Length" },
  resident_bytes: { label: "Memory" },
  mfu: { label: "FLOPs utilisation", better: 1 },
};

/** The charts of a job. `names` may depend on whether rewards are shown raw or scaled. */
export const panels = [
  { id: "loss", title: "Loss", names: ["loss"], help: "ln 2 at the first step of every iteration; below it the policy prefers the actual responses." },
  { id: "acc", title: "Accuracy", names: ["acc"], help: "Share of pairs whose actual response has the larger reward.", range: [0, 1] },
  { id: "margin", title: "Margin", unit: "nats", names: ["rewards_margin_mean"], scaled: ["scaled_rewards_margin_mean"], help: "Reward of the actual response less that of the generated one." },
  { id: "rewards", title: "Rewards", unit: "nats", names: ["rewards_actual_mean", "rewards_generated_mean"], scaled: ["scaled_rewards_actual_mean", "scaled_rewards_generated_mean"], help: "Policy less reference log-probability of a response, summed over its tokens." },
  { id: "validation", title: "Validation loss", unit: "nats a token", names: ["validation_loss"], help: "Mean negative log-likelihood of the actual responses of the validation set." },
  { id: "kl", title: "KL penalty and measured KL", names: ["kl_penalty", "kl_actual", "kl_generated", "estimated_kl"], stairs: ["kl_penalty"], right: ["kl_actual", "kl_generated", "estimated_kl"], rightUnit: "nats", help: "Left: the penalty of each iteration. Right: KL(policy‖reference policy) of a response as measured when an iteration was over, with its standard error, along actual and along generated responses; and, step by step, KL(reference policy‖policy) as estimated by minus the mean reward of the generated responses." },
  { id: "logps", title: "Log-probabilities", unit: "nats", names: ["logps_actual_mean", "logps_generated_mean"], help: "Of whole responses, under the policy." },
  { id: "grad", title: "Gradient norm", names: ["grad_norm"], help: "Before clipping." },
  { id: "lr", title: "Learning rate", names: ["lr"] },
  { id: "speed", title: "Tokens a second", names: ["tokens_per_second", "rollout_tokens_per_second", "reference_tokens_per_second"], help: "By phase: training steps, generating responses, scoring with the reference policy." },
  { id: "share", title: "Saturated and identical pairs", names: ["saturated_fraction", "identical_fraction"], range: [0, 1], help: "Saturated: pairs that hardly move the policy any more. Identical: pairs whose two responses are the same." },
  { id: "memory", title: "Memory", names: ["resident_bytes"], bytes: true },
];

/** What a metric that the server does not have is made from. */
const derived = {
  estimated_kl: { from: "rewards_generated_mean", factor: -1 },
};

const timeNames = ["step_time", "tokens_per_second"];

/** The metrics of one job. */
export class JobMetrics {
  constructor(job) {
    this.job = job;
  }

  /**
   * Buckets of some metrics between two steps, both included: for each name
   * `{x0, n, min, max, mean, last}`.
   */
  async load(names, { from = null, to = null, buckets = 512 } = {}) {
    const wanted = [...new Set(names.map((name) => derived[name]?.from ?? name))];
    const query = { names: wanted.join(","), buckets };
    if (from !== null) query.after_step = Math.max(-1, from - 1);
    if (to !== null) query.before_step = to + 1;
    const found = (await get(`/v1/jobs/${this.job}/metrics`, query)).data;
    return Object.fromEntries(names.map((name) => [name, shaped(found, name)]).filter(([, columns]) => columns));
  }

  /** How steps lie in time and in tokens, for the other two x axes. */
  async timeline() {
    const { step_time: seconds, tokens_per_second: speed } = await this.load(timeNames, { buckets: 2048 });
    const line = { step: [0], time: [0], tokens: [0] };
    for (let index = 0; index < (seconds?.x0.length ?? 0); index += 1) {
      const spent = seconds.mean[index] * seconds.n[index];
      line.step.push(seconds.x0[index] + seconds.n[index]);
      line.time.push(line.time.at(-1) + spent);
      line.tokens.push(line.tokens.at(-1) + spent * (speed?.mean[index] ?? 0));
    }
    return line;
  }
}

/** One metric's columns, made from another's where need be. */
function shaped(found, name) {
  const rule = derived[name];
  const columns = found[rule?.from ?? name];
  if (!columns?.x0.length) return null;
  if (!rule) return columns;
  const times = (values) => values.map((value) => (value === null ? null : value * rule.factor));
  return { ...columns, mean: times(columns.mean), last: times(columns.last), min: times(columns.max), max: times(columns.min) };
}

/** Validations as columns, beside the metrics of steps. */
export function validationColumns(validations) {
  const known = validations.filter(({ loss }) => typeof loss === "number");
  if (!known.length) return null;
  const loss = known.map((one) => one.loss);
  return { x0: known.map((one) => one.step), n: known.map(() => 1), min: loss, max: loss, mean: loss, last: loss };
}

/** What an iteration's end measured, at its last step, with a standard error up and down. */
export function klColumns(iterations, name) {
  const known = iterations.filter((one) => typeof one[name] === "number");
  if (!known.length) return null;
  const mean = known.map((one) => one[name]);
  const error = known.map((one) => one[`${name}_se`] ?? 0);
  return {
    x0: known.map((one) => one.first_step + one.steps - 1), n: known.map(() => 1),
    min: mean.map((value, place) => value - error[place]),
    max: mean.map((value, place) => value + error[place]), mean, last: mean,
  };
}

/** The value at `x` of a line through points; before the first and after the last their value. */
export function interpolated(xs, ys, x) {
  if (!xs.length) return x;
  if (x <= xs[0]) return ys[0];
  if (x >= xs.at(-1)) return ys.at(-1);
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  const share = xs[high] === xs[low] ? 0 : (x - xs[low]) / (xs[high] - xs[low]);
  return ys[low] + share * (ys[high] - ys[low]);
}

/**
 * An exponential moving average without the bias of its beginning; `weight` of the past is 0 to 1.
 * It begins anew at the places that `beginnings` holds.
 */
export function smoothed(values, weight, beginnings) {
  if (!weight) return values;
  let sum = 0;
  let norm = 0;
  return values.map((value, place) => {
    if (beginnings.has(place)) [sum, norm] = [0, 0];
    if (value === null || value === undefined) return value;
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}

/**
 * Lines for a chart: `[{name, columns, at}]`, where `at` gives the x of a step, become one x for
 * all and, for each line, its mean, least and largest values there (null where it has none).
 */
export function aligned(lines) {
  const places = lines.map(({ columns, at }) => columns.x0.map((x0, index) => at(x0 + (columns.n[index] - 1) / 2)));
  const x = [...new Set(places.flat())].sort((a, b) => a - b);
  const index = new Map(x.map((value, place) => [value, place]));
  const series = lines.map(({ columns }, line) => {
    const result = {};
    for (const name of ["mean", "min", "max"]) {
      result[name] = new Array(x.length).fill(null);
      columns[name].forEach((value, place) => { result[name][index.get(places[line][place])] = value; });
    }
    return result;
  });
  return { x, series };
}
