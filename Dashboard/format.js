// Numbers, times and sizes for people.

import { Decimal, write } from "./json.js";

const dash = "–";

/** About four significant digits, never more characters than a column can hold. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return dash;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e6) return integer(value).replace("-", "−");
  const text =
    size >= 1e6 || size < 1e-3
      ? value.toExponential(Math.max(0, Math.min(digits - 2, 2))).replace("e+", "e").replace(/\.0+e/, "e")
      : value.toFixed(Math.max(0, Math.min(digits, digits - 1 - Math.floor(Math.log10(size)))));
  return text.replace("-", "−").replace("e−", "e-");
}

export function integer(value) {
  return value === null || value === undefined ? dash : Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
}

export function percent(value, digits = 0) {
  return value === null || value === undefined ? dash : `${(value * 100).toFixed(digits)}\u202f%`.replace("-", "−");
}

/** With a sign, for differences. */
export function signed(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return dash;
  return value > 0 ? `+${number(value, digits)}` : number(value, digits);
}

export function bytes(value) {
  if (value === null || value === undefined) return dash;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)}\u202f${units[unit]}`;
}

/** Large counts in short: 134.5 M. */
export function count(value) {
  if (value === null || value === undefined) return dash;
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return `${(value / size).toPrecision(3)}\u202f${letter}`;
  }
  return number(value, 3);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return dash;
  if (seconds < 1) return `${Math.round(seconds * 1000)}\u202fms`;
  if (seconds < 10) return `${seconds.toFixed(1)}\u202fs`;
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts.slice(first, first + 2).filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount}\u202f${unit}`).join(" ");
}

/** How long ago; `title` has the exact time. */
export function ago(time) {
  if (!time) return dash;
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds < 45) return "just now";
  const [amount, unit] =
    seconds < 3600 ? [seconds / 60, "min"] : seconds < 86_400 ? [seconds / 3600, "h"] : [seconds / 86_400, "d"];
  return `${Math.round(amount)}\u202f${unit} ago`;
}

export function clock(time) {
  return time ? new Date(time).toLocaleTimeString([], { hour12: false }) : dash;
}

/** The viewer's time, and UTC. */
export function exact(time) {
  return time ? `${new Date(time).toLocaleString()} (${time.replace("T", " ").replace(/\..*Z|Z/, " UTC")})` : "";
}

export function plural(amount, word, many = `${word}s`) {
  return `${integer(amount)} ${amount === 1 ? word : many}`;
}

/** A value of a configuration on one line. */
export function setting(value) {
  if (value === null || value === undefined) return "none";
  return typeof value === "string" ? value : write(value, "", Infinity);
}

/** `{a: {b: 1}}` as `[["a.b", 1]]`. */
export function flattened(object, prefix = "") {
  return Object.entries(object ?? {}).flatMap(([name, value]) =>
    value && typeof value === "object" && !Array.isArray(value) && !(value instanceof Decimal)
      ? flattened(value, `${prefix}${name}.`)
      : [[prefix + name, value]],
  );
}
