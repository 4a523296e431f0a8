// Colours that stay apart for colour-blind eyes, each with a dash of its own besides.

const light = ["#1f6feb", "#c2570c", "#0a7d5a", "#a3378f", "#6b6f00", "#0b7a99", "#b4232f", "#5b4bc4"];
const dark = ["#6ea8ff", "#ffa657", "#4fcf9f", "#f08bd9", "#d3cf4f", "#5fcbe6", "#ff8d85", "#b4a7ff"];
export const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4], [12, 4], [6, 2, 1, 2]];

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function color(index) {
  const colors = isDark() ? dark : light;
  return colors[index % colors.length];
}

/** A colour of the style sheet. */
export function styleColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function faded(hex, alpha) {
  const number = parseInt(hex.slice(1), 16);
  return `rgba(${number >> 16}, ${(number >> 8) & 255}, ${number & 255}, ${alpha})`;
}
