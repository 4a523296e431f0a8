// JSON whose numbers keep their spelling: for some settings 1.0 is a share and 1 a count.

/** A number that looks whole but was not written so. */
export class Decimal {
  constructor(text) {
    this.text = text;
  }

  valueOf() {
    return Number(this.text);
  }
}

const isJSONNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function spelled(value, text) {
  return Number.isInteger(value) && /[.eE]/.test(text ?? "") ? new Decimal(text) : value;
}

/** A number as a person typed it; other text stays text. */
export function typedNumber(text) {
  if (text === "" || Number.isNaN(Number(text))) return text;
  return spelled(Number(text), isJSONNumber.test(text) ? text : null);
}

/** Old browsers do not tell how a number was written; there it is only a number. */
export function parse(text) {
  return JSON.parse(text, (name, value, context) => (typeof value === "number" ? spelled(value, context?.source) : value));
}

const short = (value) =>
  value instanceof Decimal ? value.text
  : Array.isArray(value) ? `[${value.map(short).join(", ")}]`
  : value !== null && typeof value === "object" ? `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${short(one)}`).join(", ")}}`
  : JSON.stringify(value);

/** On one line where that is short enough, else a line for each member. */
export function write(value, indent = "", width = 56) {
  const line = short(value);
  if (line.length + indent.length <= width || value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Decimal) return line;
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${write(one, inner, width)}`);
  return `{\n${members.join(",\n")}\n${indent}}`;
}
