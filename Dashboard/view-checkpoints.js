// Checkpoints by where they come from: model, job, checkpoint, and the jobs that began with one.

import { all, call, download, get, getIfThere } from "./api.js";
import { talkButton } from "./chat.js";
import { button, confirmed, copy, empty, fill, h, icon, loading, toast } from "./dom.js";
import { ago, bytes, exact, integer, number } from "./format.js";
import { heading, problemBox, showProblem, statusPill } from "./job-parts.js";

const listedJobs = 200;

export function checkpointsView(query) {
  const place = h("div", {}, loading(4));
  load(place, query.get("at"));
  return { title: "Checkpoints", element: h("div", {}, heading("Checkpoints", "Every saved model under the job that made it, and under each the jobs that began with it."), place) };
}

async function load(place, chosen) {
  try {
    const [jobs, models] = await Promise.all([all("/v1/jobs", {}, { most: listedJobs }), get("/v1/models")]);
    const lists = await Promise.all(jobs.map(({ id }) => getIfThere(`/v1/jobs/${id}/checkpoints`)));
    const checkpoints = new Map(jobs.map((job, index) => [job.id, lists[index]?.data ?? []]));
    const again = () => load(place, chosen);
    if (!jobs.length) fill(place, empty("No checkpoints yet", "A job saves one at the end of every iteration."));
    else fill(place, tree(jobs, models.data, checkpoints, again));
    document.getElementById(chosen)?.scrollIntoView({ block: "center" });
    document.getElementById(chosen)?.classList.add("chosen");
  } catch (error) {
    fill(place, problemBox(error, () => load(place, chosen)));
  }
}

function tree(jobs, models, checkpoints, again) {
  const children = Map.groupBy(jobs, (job) => job.configuration.model);
  const known = new Set([...checkpoints.values()].flat().map(({ id }) => id));
  // Models that were forgotten, and checkpoints that were deleted, still have jobs.
  const roots = [...children.keys()].filter((name) => !known.has(name));
  const about = new Map(models.map((model) => [model.name, model]));
  return h("ul", { class: "tree" }, roots.sort().map((name) => h(
    "li", {},
    h("div", { class: "node model" }, h("h2", {}, name), modelText(about.get(name)),
      about.has(name) ? talkButton(name, name, "quiet") : null),
    jobBranch(children.get(name), children, checkpoints, again),
  )));
}

function modelText(model) {
  return h("span", { class: "soft" }, model ? `${model.family}, ${integer(model.parameters / 1e6) === "0" ? integer(model.parameters) : `${(model.parameters / 1e6).toFixed(1)} M`} parameters` : "no longer registered");
}

function jobBranch(jobs, children, checkpoints, again) {
  return h("ul", {}, jobs.map((job) => {
    const own = checkpoints.get(job.id) ?? [];
    return h(
      "li", {},
      h("div", { class: "node" }, h("h3", {}, h("a", { href: `#/jobs/${job.id}` }, job.name)), statusPill(job), own.length ? null : h("span", { class: "soft" }, "no checkpoint yet")),
      own.length ? checkpointList(own, again, (checkpoint) => {
        const grown = children.get(checkpoint.id);
        return grown ? jobBranch(grown, children, checkpoints, again) : null;
      }) : null,
    );
  }));
}

/** Rows of checkpoints; `below` gives what goes under one. */
export function checkpointList(checkpoints, again, below = () => null) {
  const losses = checkpoints.map((one) => one.validation_loss).filter((loss) => typeof loss === "number");
  const best = losses.length > 1 ? Math.min(...losses) : NaN;
  return h("ul", { class: "checkpoints" }, checkpoints.map((one) => h("li", { id: one.id }, row(one, one.validation_loss === best, again), below(one))));
}

function row(checkpoint, isBest, again) {
  const weights = checkpoint.files?.find(({ name }) => name.endsWith(".safetensors"));
  return h(
    "div", { class: "card checkpoint" },
    h("div", { class: "checkpoint-name" },
      h("b", {}, `Step ${integer(checkpoint.step)}`),
      checkpoint.is_iteration_end ? h("span", { class: "tag" }, `end of iteration ${checkpoint.iteration - 1}`) : null,
      isBest ? h("span", { class: "tag good" }, "best validation") : null,
      checkpoint.pinned ? h("span", { class: "tag" }, "pinned") : null,
      checkpoint.note ? h("span", { class: "soft" }, checkpoint.note) : null),
    h("p", { class: "soft small" },
      checkpoint.validation_loss === null ? null : `validation loss ${number(checkpoint.validation_loss)} · `, `${bytes(checkpoint.bytes)} · `,
      h("time", { datetime: checkpoint.created_at, title: exact(checkpoint.created_at) }, ago(checkpoint.created_at))),
    h("p", { class: "soft small ids" }, h("code", {}, checkpoint.id), weights ? [" sha256 ", h("code", { title: weights.sha256 }, weights.sha256.slice(0, 12)), button("Copy the hash", { icon: "copy", iconOnly: true, kind: "quiet", onclick: () => copy(weights.sha256, "Hash") })] : null),
    h("div", { class: "actions" },
      h("a", { class: "button", href: `#/new?checkpoint=${checkpoint.id}` }, icon("step"), h("span", {}, "Start a job from here")),
      talkButton(checkpoint.id, `Step ${checkpoint.step}`),
      pinButton(checkpoint, again),
      files(checkpoint),
      button("Delete", { icon: "remove", iconOnly: true, kind: "quiet", onclick: () => remove(checkpoint, again) })),
  );
}

function pinButton(checkpoint, again) {
  const text = checkpoint.pinned ? "Unpin" : "Pin";
  return button(text, { icon: "pin", title: "A pinned checkpoint stays until it is unpinned", onclick: async () => {
    try {
      await call("PATCH", `/v1/checkpoints/${checkpoint.id}`, { body: { pinned: !checkpoint.pinned } });
      again();
    } catch (error) {
      showProblem(error, `${text} failed`);
    }
  } });
}

function files(checkpoint) {
  return h("details", { class: "menu" }, h("summary", { class: "button" }, icon("download"), h("span", {}, "Download")), h("ul", { class: "card menu-body" }, (checkpoint.files ?? []).map((file) => h("li", {},
    button(file.name, { kind: "quiet", title: `sha256 ${file.sha256}`, onclick: async () => {
      try {
        await download(file.href, file.name);
      } catch (error) {
        showProblem(error, `${file.name} could not be downloaded`);
      }
    } }), h("span", { class: "soft small" }, bytes(file.bytes))))));
}

async function remove(checkpoint, again) {
  if (!(await confirmed("Delete this checkpoint?", `${checkpoint.id} and its ${bytes(checkpoint.bytes)} are removed from the disk.`, "Delete the checkpoint"))) return;
  try {
    await call("DELETE", `/v1/checkpoints/${checkpoint.id}`);
    toast("The checkpoint is deleted");
    again();
  } catch (error) {
    showProblem(error, "It cannot be deleted");
  }
}
