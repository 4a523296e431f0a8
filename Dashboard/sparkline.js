// A line as small as a word, with its last point.

import { fill, h } from "./dom.js";
import { color } from "./palette.js";

const [width, height] = [120, 28];

/** Draws values into an element; `label` says them to a screen reader. */
export function sparkline(element, values, { slot = 0, label = "" } = {}) {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length < 2) return fill(element, h("span", { class: "soft" }, known.length ? "one point" : "–"));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index) => 3 + (index / (values.length - 1)) * (width - 6);
  const y = (value) => (high === low ? height / 2 : height - 4 - ((value - low) / (high - low)) * (height - 8));
  const points = values.map((value, index) => (value === null || value === undefined ? null : `${x(index).toFixed(1)},${y(value).toFixed(1)}`)).filter(Boolean);
  const [endX, endY] = points.at(-1).split(",");
  const stroke = color(slot);
  return fill(
    element,
    h(
      "svg",
      { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
      h("polyline", { points: points.join(" "), fill: "none", stroke, "stroke-width": "1.5", "stroke-linejoin": "round" }),
      h("circle", { cx: endX, cy: endY, r: "2.5", fill: stroke }),
    ),
  );
}
