// Elements without markup: whatever a model or a user wrote goes in as text and stays text.

const svgTags = new Set(["svg", "path", "circle", "line", "polyline", "polygon", "rect", "g"]);

/** `h("a", {href, class, onclick, "aria-label"}, child, "text", [more], null)` */
export function h(tag, attributes = {}, ...children) {
  const element = svgTags.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Sets text only where it differs, so that a screen reader is not told the same again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a container stand for a list, and keeps the elements (and with them focus
 * and selection) of items that stay. `make` gives `{element, update(item)}`.
 */
export function keyed(container, known, items, key, make) {
  const wanted = new Set(items.map(key));
  for (const [id, row] of known) {
    if (!wanted.has(id)) {
      row.element.remove();
      known.delete(id);
    }
  }
  let place = container.firstChild;
  for (const item of items) {
    const id = key(item);
    let row = known.get(id);
    if (!row) known.set(id, (row = make(item)));
    row.update(item);
    if (row.element === place) place = place.nextSibling;
    else container.insertBefore(row.element, place);
  }
}

const strokes = {
  jobs: "M4 6h16M4 12h16M4 18h10",
  compare: "M3 17l5-6 4 3 8-9M3 21h18",
  checkpoints: "M6 3v12M6 15a3 3 0 1 0 .01 0M18 9a3 3 0 1 1 .01 0M18 9c0 5-8 3-11 7",
  add: "M12 5v14M5 12h14",
  system: "M4 5h16v10H4zM9 20h6M12 15v5",
  pause: "M9 6v12M15 6v12",
  resume: "M8 5l11 7-11 7z",
  step: "M5 5l9 7-9 7zM18 5v14",
  cancel: "M6 6l12 12M18 6L6 18",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  clone: "M9 9h11v11H9zM5 15H4V4h11v1",
  retry: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  pin: "M9 4h6l-1 6 4 4H6l4-4zM12 14v6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  talk: "M4 5h16v11H9l-5 4z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  table: "M4 5h16v14H4zM4 10h16M4 15h16M10 5v14",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  warning: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
  sun: "M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19",
  moon: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z",
  auto: "M12 4a8 8 0 1 0 .01 0M12 4v16M14 6v12M17 8v8",
  up: "M12 19V5M6 11l6-6 6 6",
  send: "M4 12l16-8-6 16-3-7z",
};

/** A drawing beside a text; screen readers do not hear of it. */
export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: strokes[name] }));
}

/** A button with a drawing; without a visible text, `label` is its name. */
export function button(label, { icon: name, kind = "", title, iconOnly = false, ...rest } = {}) {
  return h(
    "button",
    { type: "button", class: kind, "aria-label": iconOnly ? label : null, title: title ?? (iconOnly ? label : null), ...rest },
    name && icon(name),
    iconOnly ? null : h("span", {}, label),
  );
}

/** What stands where nothing is yet. */
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), actions.length ? h("div", { class: "row center" }, actions) : null);
}

/** Grey bars in the shape of what is on its way. */
export function loading(rows = 3) {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("span", { class: "hidden" }, "Loading"),
    Array.from({ length: rows }, () => h("div", { class: "bone" })),
  );
}

/** A short message in the corner. */
export function toast(text, kind = "") {
  const element = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), 6000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast("The browser does not allow copying here", "bad");
  }
}

/** Asks a question in a dialog; resolves to true or false. */
export function confirmed(question, detail, action, kind = "danger") {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "question", onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } },
      h("h2", { id: "question" }, question),
      h("p", { class: "soft" }, detail),
      h(
        "form",
        { method: "dialog", class: "row end" },
        h("button", { value: "no" }, "Back"),
        h("button", { value: "yes", class: kind }, action),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
