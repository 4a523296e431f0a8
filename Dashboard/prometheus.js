// Prometheus' text format, as far as a page needs it.

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const unescaped = (text) => text.replaceAll(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));

/** `{name: [{labels, value}]}` */
export function parseMetrics(text) {
  const found = {};
  for (const one of text.split("\n")) {
    const match = one.startsWith("#") ? null : line.exec(one);
    if (!match) continue;
    const labels = Object.fromEntries([...(match[2] ?? "").matchAll(label)].map(([, name, value]) => [name, unescaped(value)]));
    (found[match[1]] ??= []).push({ labels, value: Number(match[3].replace("Inf", "Infinity")) });
  }
  return found;
}

export function sum(metrics, name) {
  return (metrics[name] ?? []).reduce((total, { value }) => total + value, 0);
}

/** The bound below which such a share of a histogram's values lies, over all its labels. */
export function histogramShare(buckets, share) {
  const counts = new Map();
  for (const { labels, value } of buckets) {
    const bound = Number(labels.le.replace("Inf", "Infinity"));
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  const bounds = [...counts.keys()].sort((a, b) => a - b);
  const all = counts.get(bounds.at(-1)) ?? 0;
  return all ? bounds.find((bound) => counts.get(bound) >= share * all) : null;
}
