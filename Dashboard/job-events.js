// What has happened to a job, newest first, as it happens.

import { all, get } from "./api.js";
import { empty, fill, h, loading } from "./dom.js";
import { clock, exact } from "./format.js";
import { problemBox } from "./job-parts.js";

const levels = ["info", "warning", "error"];

export function eventsTab(job) {
  const place = h("div", {}, loading());
  const list = h("ol", { class: "events" });
  const search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search events", oninput: () => draw() });
  const level = h("select", { "aria-label": "Least level", onchange: () => draw() }, [["info", "Everything"], ["warning", "Warnings and errors"], ["error", "Errors"]].map(([value, text]) => h("option", { value }, text)));
  const found = [];
  let isLoading = false;

  function draw() {
    const text = search.value.toLowerCase();
    const wanted = found.filter((event) => levels.indexOf(event.level) >= levels.indexOf(level.value) && `${event.type} ${event.message}`.toLowerCase().includes(text));
    fill(list, wanted.toReversed().slice(0, 1000).map(row));
    fill(place, wanted.length ? list : empty("No such events", found.length ? "Search for something else." : "Nothing has happened yet."));
  }

  async function update() {
    if (isLoading) return;
    isLoading = true;
    try {
      const path = `/v1/jobs/${job.id}/events`;
      const after = found.at(-1)?.sequence;
      const news = after === undefined ? await all(path) : (await get(path, { after, limit: 1000 })).data;
      found.push(...news);
      if (news.length || after === undefined) draw();
    } catch (error) {
      if (!found.length) fill(place, problemBox(error, update));
    }
    isLoading = false;
  }

  return { element: h("div", { class: "stack" }, h("div", { class: "row toolbar" }, search, level), place), update };
}

function row(event) {
  const detail = event.data && Object.keys(event.data).length ? h("details", {}, h("summary", {}, "Details"), h("pre", {}, JSON.stringify(event.data, null, 2))) : null;
  return h(
    "li", { "data-level": event.level },
    h("time", { datetime: event.time, title: exact(event.time) }, clock(event.time)),
    h("code", {}, event.type),
    h("div", {}, h("span", {}, event.level === "info" ? null : h("b", {}, `${event.level}: `), event.message), detail),
  );
}
