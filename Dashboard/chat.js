// A conversation with a model or a checkpoint, word by word as it is written.

import { events, get, Problem } from "./api.js";
import { button, fill, h } from "./dom.js";
import { integer, number } from "./format.js";

let isOffered = false;

/** Asks whether this server writes texts; until then there is no button. */
export async function lookForChat() {
  isOffered = "chat_completions" in (await get("/v1")).links;
}

/** Whether the server writes and scores texts. */
export const writesTexts = () => isOffered;

/** Null where the server writes no texts. */
export function talkButton(model, title, kind) {
  return isOffered ? button("Talk to it", { icon: "talk", kind, onclick: () => openChat(model, title) }) : null;
}

/** `model` is what the server calls it, `title` what a person does. */
function openChat(model, title) {
  const chat = new Chat(model, title);
  document.body.append(chat.dialog);
  chat.dialog.showModal();
  chat.field.focus();
}

class Chat {
  constructor(model, title) {
    this.model = model;
    this.messages = [];
    this.log = h("div", { class: "chat-log", role: "log", "aria-live": "polite", tabindex: "0", "aria-label": "Conversation" }, h("p", { class: "soft center-text" }, "It answers as it was trained: small models say wrong things with confidence."));
    this.field = h("textarea", { rows: "2", "aria-label": "Your message", placeholder: "Say something", onkeydown: (event) => this.key(event) });
    this.temperature = h("input", { type: "number", id: "temperature", min: "0", max: "2", step: "0.1", value: "0.7" });
    this.tokens = h("input", { type: "number", id: "max-tokens", min: "1", max: "4096", value: "200" });
    this.memory = h("input", { type: "checkbox", checked: true });
    this.sendButton = button("Send", { icon: "send", kind: "primary", onclick: () => this.say() });
    this.stopButton = button("Stop", { icon: "cancel", hidden: true, onclick: () => this.writing?.abort() });
    this.dialog = h(
      "dialog", { class: "chat", "aria-labelledby": "chat-title", onclose: () => { this.writing?.abort(); this.dialog.remove(); } },
      h("header", { class: "row between" }, h("h2", { id: "chat-title" }, title), h("code", { class: "soft" }, model), button("Close", { icon: "cancel", iconOnly: true, kind: "quiet", onclick: () => this.dialog.close() })),
      this.log,
      h("div", { class: "row chat-options" }, h("label", { for: "temperature" }, "Temperature"), this.temperature, h("label", { for: "max-tokens" }, "Tokens at most"), this.tokens,
        h("label", { class: "check", title: "A model without a chat template takes one message at a time" }, this.memory, "Remember what was said"),
        button("Begin again", { icon: "retry", kind: "quiet", onclick: () => this.clear() })),
      h("div", { class: "row chat-field" }, this.field, this.sendButton, this.stopButton),
    );
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.say();
  }

  clear() {
    this.writing?.abort();
    this.messages = [];
    fill(this.log);
    this.field.focus();
  }

  add(role, text = "") {
    const place = h("p", { class: "text" }, text);
    this.log.append(h("div", { class: `bubble ${role}` }, h("span", { class: "hidden" }, role === "user" ? "You: " : "Model: "), place));
    this.log.scrollTop = this.log.scrollHeight;
    return place;
  }

  async say() {
    const text = this.field.value.trim();
    if (!text || this.writing) return;
    this.field.value = "";
    this.messages.push({ role: "user", content: text });
    this.add("user", text);
    const place = this.add("assistant");
    this.isWriting(new AbortController());
    const answer = { text: "", tokens: 0, began: performance.now() };
    try {
      await this.read(place, answer);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(place, error);
    }
    if (answer.text) this.messages.push({ role: "assistant", content: answer.text });
    else this.messages.pop();
    this.isWriting(null);
  }

  isWriting(controller) {
    this.writing = controller;
    this.sendButton.hidden = controller !== null;
    this.stopButton.hidden = controller === null;
    if (!controller) this.field.focus();
  }

  async read(place, answer) {
    const body = {
      model: this.model, messages: this.memory.checked ? this.messages : this.messages.slice(-1),
      temperature: Number(this.temperature.value), max_tokens: Number(this.tokens.value),
      stream: true, stream_options: { include_usage: true },
    };
    for await (const event of events("POST", "/v1/chat/completions", { body, signal: this.writing.signal })) {
      if (event.data === "[DONE]") break;
      const chunk = JSON.parse(event.data);
      if (chunk.error) throw new Problem(500, { detail: chunk.error.message });
      answer.tokens = chunk.usage?.completion_tokens ?? answer.tokens;
      const piece = chunk.choices?.[0]?.delta?.content;
      if (!piece) continue;
      answer.text += piece;
      place.textContent = answer.text;
      this.log.scrollTop = this.log.scrollHeight;
    }
    const seconds = (performance.now() - answer.began) / 1000;
    if (answer.text) place.after(h("small", { class: "soft" }, `${integer(answer.tokens)} tokens, ${number(answer.tokens / seconds, 3)} a second`));
    else place.append(h("i", { class: "soft" }, "(it ended at once)"));
  }

  fail(place, error) {
    const text = error.status === 404 ? `This server cannot answer: ${error.message}.` : `${error.message}.${error.hint ? ` ${error.hint}.` : ""}`;
    place.append(h("span", { class: "worse" }, text, error.requestID ? ` Request ${error.requestID}.` : ""));
  }
}
