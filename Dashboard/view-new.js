// A new job: the form of the configuration's schema, checked by the server while it is filled in.

import { call, get, getExactly, key, Problem } from "./api.js";
import { button, copy, fill, h, loading } from "./dom.js";
import { SchemaForm, resolved } from "./form.js";
import { bytes, count, integer, plural } from "./format.js";
import { write } from "./json.js";
import { heading, problemBox } from "./job-parts.js";
import { refresh } from "./live.js";
import { curl, python } from "./snippets.js";

const pauseMilliseconds = 350;

export function newJobView(query) {
  const view = new NewJobView(query.get("clone"), query.get("checkpoint"));
  return { title: "New job", element: view.element, close: () => view.close() };
}

class NewJobView {
  constructor(cloned, checkpoint) {
    this.cloned = cloned;
    this.checkpoint = checkpoint;
    this.place = h("div", {}, loading(5));
    this.element = h("div", {}, heading("New job", cloned ? `The settings of ${cloned}, to be changed` : "What is left empty takes its default."), this.place);
    this.load();
  }

  async load() {
    try {
      const [document, models, datasets, original] = await Promise.all([
        getExactly("/openapi.json"), get("/v1/models"), get("/v1/datasets"), this.cloned ? getExactly(`/v1/jobs/${this.cloned}`) : null,
      ]);
      this.build(document, models.data.map(({ name }) => name), datasets.data.map(({ name }) => name), original);
    } catch (error) {
      fill(this.place, problemBox(error, () => this.load()));
    }
  }

  build(document, models, datasets, original) {
    this.form = new SchemaForm(resolved({ $ref: "#/components/schemas/Configuration" }, document), document, {
      sources: { model: models, dataset: datasets, validation_dataset: datasets }, onInput: () => this.changed(),
    });
    if (original) this.form.value = { ...original.configuration, name: `${original.configuration.name}-again` };
    if (this.checkpoint) this.form.value = { model: this.checkpoint };
    this.outcome = h("div", { class: "card outcome", role: "status", "aria-live": "polite" }, h("h2", {}, "Checking"));
    this.submitButton = h("button", { type: "submit", class: "primary" }, "Submit the job");
    this.code = h("pre", { tabindex: "0", "aria-label": "Program" });
    this.language = "curl";
    fill(
      this.place,
      h("form", { class: "new-job", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        this.form.element,
        h("aside", { class: "stack side-panel", "aria-label": "Check and submit" },
          this.outcome, h("div", { class: "row" }, this.submitButton),
          h("section", { class: "card", "aria-label": "As a program" },
            h("div", { class: "row between" }, this.languages(), button("Copy", { icon: "copy", kind: "quiet", onclick: () => copy(this.code.textContent, "Program") })), this.code))),
    );
    if (!models.length || !datasets.length) {
      this.form.element.prepend(h("p", { class: "notice" }, !models.length ? "No model is registered yet: POST /v1/models gives one a name. " : "", !datasets.length ? "No data set is there yet: POST /v1/datasets uploads one." : ""));
    }
    this.changed();
  }

  languages() {
    return h("div", { class: "segments", role: "group", "aria-label": "Language" }, [["curl", "curl"], ["python", "Python"], ["json", "JSON"]].map(([name, text]) => button(text, {
      "aria-pressed": String(name === this.language),
      onclick: (event) => {
        this.language = name;
        for (const one of event.currentTarget.parentElement.children) one.setAttribute("aria-pressed", String(one === event.currentTarget));
        this.showCode();
      },
    })));
  }

  showCode() {
    const configuration = this.form.value;
    this.code.textContent = { curl, python, json: (value) => write(value) }[this.language](configuration, key() !== null);
  }

  changed() {
    this.showCode();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.validate(), pauseMilliseconds);
  }

  /** The newest question counts; an older answer is dropped. */
  async validate() {
    this.question?.abort();
    const question = new AbortController();
    this.question = question;
    const value = this.form.value;
    if (!value.model || !value.dataset) {
      this.form.showErrors([]);
      fill(this.outcome, h("h2", {}, "Not ready yet"), h("p", { class: "soft" }, !value.model ? "Choose a model" : "Choose a data set", " to see what the job would be."));
      return;
    }
    this.outcome.classList.add("asking");
    try {
      const answer = await call("POST", "/v1/jobs", { query: { validate_only: true }, body: write(value), signal: question.signal });
      this.form.showErrors([]);
      fill(this.outcome, estimate(answer.estimate));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.showProblem(error);
    }
    this.outcome.classList.remove("asking");
  }

  showProblem(error) {
    const rest = error instanceof Problem ? this.form.showErrors(error.errors) : [];
    const atFields = error.errors?.length - rest.length;
    fill(
      this.outcome,
      h("h2", { class: "worse" }, "Not valid yet"),
      atFields ? h("p", {}, plural(atFields, "problem"), " beside the fields.") : h("p", {}, error.message, error.hint ? `; ${error.hint}` : ""),
      rest.length ? h("ul", {}, rest.map(({ pointer, detail }) => h("li", {}, h("code", {}, pointer), ` ${detail}`))) : null,
      error.requestID ? h("p", { class: "soft small" }, "Request ", h("code", {}, error.requestID)) : null,
    );
  }

  async submit() {
    clearTimeout(this.timer);
    this.question?.abort();
    this.submitButton.disabled = true;
    // A second press, or a lost answer, makes no second job of the same form.
    const body = write(this.form.value);
    if (body !== this.sentBody) this.idempotency = `dashboard-${Date.now()}-${Math.random()}`;
    this.sentBody = body;
    try {
      const job = await call("POST", "/v1/jobs", { body, headers: { "Idempotency-Key": this.idempotency } });
      location.hash = `#/jobs/${job.id}`;
      refresh();
    } catch (error) {
      this.showProblem(error);
      this.form.element.querySelector("[aria-invalid]")?.focus();
    }
    this.submitButton.disabled = false;
  }

  close() {
    clearTimeout(this.timer);
    this.question?.abort();
  }
}

function estimate(found) {
  const figures = [
    ["Rows", `${integer(found.rows)}${found.file_rows === found.rows ? "" : ` of ${integer(found.file_rows)}`}`],
    ["Steps", `${integer(found.total_steps)} (${integer(found.steps_per_epoch)} an epoch)`],
    ["Parameters", count(found.parameters)], ["Memory", bytes(found.memory_bytes)], ["Each checkpoint", bytes(found.checkpoint_bytes)],
  ];
  return [
    h("h2", { class: "better" }, "Ready"),
    h("dl", { class: "figures" }, figures.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    found.warnings.length ? h("ul", { class: "warnings" }, found.warnings.map((text) => h("li", {}, text))) : null,
    found.first_rows.length ? h("details", {}, h("summary", {}, "The first rows as the model sees them"), found.first_rows.map((row) => h("div", { class: "first-row" },
      h("p", { class: "text" }, row.prompt ?? row.prompt_ids.join(" "), h("mark", { class: "actual" }, row.response ?? row.response_ids.join(" "))),
      h("p", { class: "soft small" }, `${integer(row.prompt_tokens)} + ${integer(row.response_tokens)} tokens`)))) : null,
  ];
}
