// Starts the dashboard: routes, navigation, theme, connection, key.

import { askAgain, key, onKeyNeeded, setKey } from "./api.js";
import { button, fill, h, icon, setText, toast } from "./dom.js";
import { lookForChat } from "./chat.js";
import { follow, live, refresh, start } from "./live.js";
import { checkpointsView } from "./view-checkpoints.js";
import { compareView } from "./view-compare.js";
import { jobView } from "./view-job.js";
import { jobsView } from "./view-jobs.js";
import { newJobView } from "./view-new.js";
import { systemView } from "./view-system.js";

/** Each gives `{title, element, close?}` for the rest of the path and the query of the hash. */
const views = {
  jobs: (path, query) => (path.length ? jobView(path, query) : jobsView(query)),
  compare: (path, query) => compareView(query),
  checkpoints: (path, query) => checkpointsView(query),
  new: (path, query) => newJobView(query),
  system: () => systemView(),
};

const places = [
  ["jobs", "Jobs", "jobs"],
  ["compare", "Compare", "compare"],
  ["checkpoints", "Checkpoints", "checkpoints"],
  ["new", "New job", "add"],
  ["system", "System", "system"],
];

const main = document.getElementById("main");
let current = null;

function route() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  const view = views[name] ?? views.jobs;
  current?.close?.();
  current = view(rest, new URLSearchParams(search));
  document.title = `${current.title} · spind`;
  fill(main, current.element);
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.name === (views[name] ? name : "jobs")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

window.addEventListener("hashchange", () => {
  route();
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
});

// The theme: the system's until a person chooses.

const themes = { auto: ["auto", "Theme: as the system"], light: ["sun", "Theme: light"], dark: ["moon", "Theme: dark"] };

function showTheme() {
  const theme = localStorage.getItem("spind.theme") ?? "auto";
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const [drawing, text] = themes[theme];
  fill(document.getElementById("theme"), icon(drawing), h("span", {}, text));
  window.dispatchEvent(new Event("themechange"));
}

document.getElementById("theme").addEventListener("click", () => {
  const names = Object.keys(themes);
  const next = names[(names.indexOf(localStorage.getItem("spind.theme") ?? "auto") + 1) % names.length];
  localStorage.setItem("spind.theme", next);
  showTheme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);

// The connection: a word at the side, and a banner while there is none.

let wasLost = false;

function showConnection() {
  const place = document.getElementById("connection");
  const banner = document.getElementById("banner");
  place.dataset.state = live.connection;
  setText(place, { connecting: "Connecting", connected: "Live", lost: "Not connected" }[live.connection]);
  banner.hidden = live.connection !== "lost";
  if (live.connection === "lost") {
    const { message, requestID, status } = live.problem;
    const text = `No news from the server: ${message}.${requestID ? ` Request ${requestID}.` : ""} ${status === 401 ? "" : "Trying again; what is shown may be old. "}`;
    // Said once, not at every attempt.
    if (banner.firstChild?.textContent !== text) fill(banner, h("span", {}, text), button(status === 401 ? "Give a key" : "Try now", { onclick: () => { askAgain(); refresh(); } }));
  } else if (wasLost) toast("Connected again");
  wasLost = live.connection === "lost";
}

// The key: kept for this tab only.

onKeyNeeded(() => new Promise((resolve) => {
  const field = h("input", { type: "password", id: "key", autocomplete: "off", required: true });
  const dialog = h(
    "dialog",
    {
      "aria-labelledby": "key-title",
      onclose: () => {
        dialog.remove();
        const isGiven = dialog.returnValue === "use" && field.value.trim() !== "";
        if (isGiven) setKey(field.value.trim());
        resolve(isGiven);
      },
    },
    h("form", { method: "dialog" },
      h("h2", { id: "key-title" }, key() ? "The server does not take this key" : "This server wants a key"),
      h("p", { class: "soft" }, "The key stays in this tab and is forgotten with it."),
      h("label", { for: "key" }, "API key"), field,
      h("div", { class: "row end" },
        h("button", { type: "button", onclick: () => dialog.close("no") }, "Not now"),
        h("button", { value: "use", class: "primary" }, "Use this key"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}));

window.addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") event.preventDefault();
});

fill(
  document.getElementById("nav"),
  places.map(([name, text, drawing]) => h("a", { href: `#/${name}`, "data-name": name }, icon(drawing), h("span", {}, text))),
);
showTheme();
showConnection();
follow(showConnection);
// A page that cannot ask yet, for want of a key or a server, offers no chat until it is reloaded.
await lookForChat().catch(() => {});
route();
start();
