// A form made from a JSON schema: a field for each property, a group for each object.

import { h } from "./dom.js";
import { setting } from "./format.js";
import { parse, typedNumber, write } from "./json.js";

/** Follows `$ref` within a document, keeping what stands beside it. */
export function resolved(schema, document) {
  if (!schema?.$ref) return schema;
  const found = schema.$ref.split("/").slice(1).reduce((place, name) => place?.[name], document);
  const { $ref, ...beside } = schema;
  return { ...resolved(found, document), ...beside };
}

const typesOf = (schema) => [schema.type ?? schema.oneOf?.map(({ type }) => type)].flat(2).filter(Boolean);

/** The limits of a number in words. */
function limits(schema) {
  const plain = schema.oneOf?.find(({ type }) => type === "number") ?? schema;
  const { minimum: least, maximum: most, exclusiveMinimum: above } = plain;
  if (above !== undefined) return `above ${setting(above)}`;
  if (least !== undefined && most !== undefined && most < 1e5) return `${setting(least)} to ${setting(most)}`;
  if (least !== undefined) return `at least ${setting(least)}`;
  return "";
}

/** Text with what stands between backticks as code. */
const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));

/** What a person typed as the value that the schema wants; undefined for nothing. */
function parsed(text, schema) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const types = typesOf(schema);
  if (trimmed === "null" && types.includes("null")) return null;
  if (types.includes("array") || types.includes("object")) {
    try {
      return parse(trimmed.includes(",") && !/^[[{"]/.test(trimmed) ? `[${trimmed}]` : trimmed);
    } catch {
      return types.includes("array") && !types.includes("number") ? trimmed.split(",").map((part) => part.trim()) : trimmed;
    }
  }
  // What is no number goes to the server as it is, which says what is wrong with it.
  if (types.includes("number") || types.includes("integer")) return typedNumber(trimmed);
  return trimmed;
}

/** `sources`: names to choose from for `model` and others. `onInput` is called at each change. */
export class SchemaForm {
  constructor(schema, document, { sources = {}, onInput }) {
    Object.assign(this, { document, sources, onInput, fields: new Map() });
    this.element = h("div", { class: "form" }, this.group(resolved(schema, document), "", ""));
  }

  group(schema, pointer, title) {
    const parts = Object.entries(schema.properties).map(([name, one]) => [name, resolved(one, this.document)]);
    const isGroup = ([, one]) => one.properties !== undefined;
    const plain = parts.filter((part) => !isGroup(part)).map(([name, one]) => this.field(name, one, `${pointer}/${name}`, schema.required?.includes(name)));
    const nested = parts.filter(isGroup).map(([name, one]) => this.group(one, `${pointer}/${name}`, name));
    const grid = h("div", { class: "fields" }, plain);
    if (!title) return [h("fieldset", { class: "card" }, h("legend", {}, "Job"), grid), nested];
    return h("details", { class: pointer.split("/").length === 2 ? "card group" : "group", open: pointer === "/spin" },
      h("summary", {}, h("b", {}, title), " ", h("span", { class: "soft small" }, schema.description ?? "")), grid, nested);
  }

  field(name, schema, pointer, isRequired) {
    const id = `field${pointer.replaceAll("/", "-")}`;
    const attributes = { id, "aria-describedby": `${id}-help ${id}-error`, "aria-required": isRequired ? "true" : null, oninput: () => this.changed(pointer) };
    const control = this.control(name, schema, attributes);
    const error = h("p", { class: "field-error", id: `${id}-error` });
    const range = limits(schema);
    const help = [schema.description, range ? `(${range})` : ""].filter(Boolean).join(" ");
    const element = h("div", { class: "field" }, h("label", { for: id }, name, isRequired ? h("span", { class: "needed" }, " needed") : null), control, h("p", { class: "soft small", id: `${id}-help` }, withCode(help)), error);
    this.fields.set(pointer, { schema, control, error, element });
    return element;
  }

  control(name, schema, attributes) {
    const usual = schema.default === undefined ? "" : `${setting(schema.default)} (default)`;
    const types = typesOf(schema);
    const choices = schema.enum ?? (types.includes("boolean") ? ["true", "false"] : this.sources[name]);
    if (choices) return h("select", attributes, h("option", { value: "" }, usual || "Choose"), choices.map((value) => h("option", { value }, String(value))));
    const isList = types.includes("array") || (types.includes("object") && !schema.properties);
    return h("input", { ...attributes, type: "text", autocomplete: "off", spellcheck: "false", placeholder: usual || (isList ? "JSON" : ""), inputmode: types.includes("integer") && !isList ? "numeric" : null });
  }

  changed(pointer) {
    const { element } = this.fields.get(pointer);
    element.dataset.isSet = String(this.fields.get(pointer).control.value !== "");
    this.onInput();
  }

  /** Only what was filled in; everything else is left to the server's defaults. */
  get value() {
    const result = {};
    for (const [pointer, { schema, control }] of this.fields) {
      const value = typesOf(schema).includes("boolean") && control.value !== "" ? control.value === "true" : parsed(control.value, schema);
      if (value === undefined) continue;
      const path = pointer.split("/").slice(1);
      const place = path.slice(0, -1).reduce((object, name) => (object[name] ??= {}), result);
      place[path.at(-1)] = value;
    }
    return result;
  }

  /** Fills in what differs from the defaults. */
  set value(configuration) {
    for (const [pointer, { schema, control, element }] of this.fields) {
      const value = pointer.split("/").slice(1).reduce((place, name) => place?.[name], configuration);
      const isDefault = schema.default !== undefined && write(value ?? null) === write(schema.default);
      if (value === undefined || isDefault) continue;
      const text = typeof value === "string" ? value : write(value);
      if (control.tagName === "SELECT" && ![...control.options].some((option) => option.value === text)) control.append(h("option", { value: text }, text));
      control.value = text;
      element.dataset.isSet = "true";
    }
    for (const group of this.element.querySelectorAll("details")) group.open ||= group.querySelector('[data-is-set="true"]') !== null;
  }

  /** Shows problems at their fields; returns those that have none. */
  showErrors(errors) {
    const found = new Map();
    const rest = errors.filter(({ pointer, detail }) => {
      const place = [...this.fields.keys()].find((one) => pointer === one || pointer.startsWith(`${one}/`));
      if (place) found.set(place, [found.get(place), detail].filter(Boolean).join("; "));
      return !place;
    });
    for (const [pointer, { control, error }] of this.fields) {
      const text = found.get(pointer) ?? "";
      if (error.textContent !== text) error.textContent = text;
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
      if (text) error.closest("details")?.setAttribute("open", "");
    }
    return rest;
  }
}
