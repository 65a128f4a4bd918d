/** What else can be done with a conversation: be told nothing of it, hear no more from the other one. */

import { el, say, show } from "../dom.js";

export class Menu {
  /** `onMute(on)` and `onBlock(on)` do it; `show` says how things stand. */
  constructor({ onMute, onBlock }) {
    this.mute = el("button", { type: "button", "data-mute": true, onclick: () => this.#choose(() => onMute(this.mute.dataset.on !== "true")) });
    this.block = el("button", { type: "button", "data-block": true, onclick: () => this.#choose(() => onBlock(this.block.dataset.on !== "true")) });
    this.element = el("details", { class: "chat-menu", onkeydown: (event) => this.#key(event) },
      el("summary", { "aria-label": "More" }, "⋯"), el("div", { role: "group", "aria-label": "More" }, this.mute, this.block));
  }

  show({ muted, blocked, mayBlock }) {
    this.#state(this.mute, muted, "Unmute", "Mute");
    this.#state(this.block, blocked, "Unblock", "Block");
    show(this.block, mayBlock);
  }

  #state(button, on, undo, make) {
    button.dataset.on = String(on);
    say(button, on ? undo : make);
  }

  #choose(act) {
    this.element.open = false;
    this.element.querySelector("summary").focus();
    act();
  }

  #key(event) {
    if (event.key !== "Escape" || !this.element.open) return;
    this.element.open = false;
    this.element.querySelector("summary").focus();
    event.stopPropagation();
    event.preventDefault();
  }
}
