/** Where a message is written: grows with its text, sends on Enter, answers and edits, takes pictures, offers quick replies. */

import { el, say, show } from "../dom.js";
import { Tray } from "./pictures.js";
import { tooLong } from "./words.js";

/** Say "still typing" again after this long. */
const TYPING_AGAIN_MS = 3_000;
const TALLEST_PX = 140;

export class Composer {
  #context = null;
  #told_ms = 0;
  #draft = "";
  #about_pictures = "";

  /** `onSend(text, {reply?, edit?, pictures?})`, `onTyping(on)`, `onEditLast()` when ArrowUp is pressed in an empty field. */
  constructor({ rest, onSend, onTyping, onEditLast }) {
    Object.assign(this, { onSend, onTyping, onEditLast });
    this.tray = new Tray({ rest, changed: () => this.#changed(false), trouble: (words) => this.#note(words) });
    this.field = el("textarea", { rows: "1", name: "text", placeholder: "Message", "aria-label": "Message", autocomplete: "off", dir: "auto", enterkeyhint: "send" });
    this.button = el("button", { type: "submit", class: "primary chat-send", "aria-label": "Send" }, "↑");
    this.problem = el("p", { class: "chat-problem", role: "alert" });
    this.title = el("span", { dir: "auto" });
    this.about = el("div", { class: "chat-about", hidden: true }, this.title, el("button", { type: "button", "aria-label": "Cancel", onclick: () => this.cancel() }, "×"));
    this.quick = el("div", { class: "chat-quick", role: "group", "aria-label": "Quick replies", hidden: true });
    this.element = el("form", { class: "chat-compose", novalidate: true, onsubmit: (event) => this.#submit(event) },
      this.problem, this.about, this.tray.element, this.quick, el("div", { class: "chat-line" }, this.tray.button, this.tray.input, this.field, this.button));
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.#changed(false);
  }

  /** Offer these to be sent with one press. */
  offer(replies) {
    show(this.quick, replies.length > 0);
    this.quick.replaceChildren(...replies.map((text) => el("button", { type: "button", "data-quick": true, onclick: () => this.onSend(text, {}) }, text)));
  }

  reply(row, name) {
    this.#about({ reply: row }, `Replying to ${name}: ${row.text ?? ""}`);
  }

  edit(row) {
    this.#draft = this.field.value;
    this.#about({ edit: row }, "Editing your message");
    this.field.value = row.text;
    this.#changed(false);
  }

  cancel() {
    if (this.#context?.edit) this.field.value = this.#draft;
    this.#context = null;
    show(this.about, false);
    this.#changed(false);
    this.field.focus();
  }

  /** Words about what did not work; none to take them away. */
  trouble(words) {
    say(this.problem, words);
  }

  /** What a picture could not do is said until the next message goes. */
  #note(words) {
    this.#about_pictures = words;
    this.#changed(false);
  }

  #about(context, words) {
    this.#context = context;
    say(this.title, words);
    show(this.about, true);
    this.field.focus();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (this.button.disabled) return;
    const context = this.#context ?? {};
    const pictures = context.edit ? [] : this.tray.ready;
    if (!context.edit) this.tray.clear();
    this.#context = null;
    this.#about_pictures = "";
    show(this.about, false);
    this.field.value = context.edit ? this.#draft : "";
    this.#draft = "";
    this.#changed(false);
    this.#typing(false);
    this.onSend(text, { ...context, pictures });
    this.field.focus();
  }

  #changed(byHand = true) {
    const text = this.field.value.trim();
    const words = tooLong(text);
    const isEdit = Boolean(this.#context?.edit);
    this.button.disabled = words !== null || (isEdit ? !text : this.tray.isBusy || (!text && this.tray.ready.length === 0));
    this.trouble(words ?? this.#about_pictures);
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(TALLEST_PX, this.field.scrollHeight + 2)}px`;
    if (byHand) this.#typing(text !== "");
  }

  #typing(on) {
    const now_ms = performance.now();
    if (on ? now_ms - this.#told_ms < TYPING_AGAIN_MS && this.#told_ms : !this.#told_ms) return;
    this.#told_ms = on ? now_ms : 0;
    this.onTyping(on);
  }

  /** Enter sends where there is a keyboard with Shift for new lines; a phone's Enter key says "send" itself. */
  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
    else if (event.key === "Escape" && this.#context) {
      this.cancel();
      event.stopPropagation();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && this.field.value === "" && !this.#context) {
      event.preventDefault();
      this.onEditLast();
    }
  }
}
