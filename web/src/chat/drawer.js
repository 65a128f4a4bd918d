/** A conversation over or beside a page: the whole screen of a phone, which holds the focus; a column on a desk, which does not. */

import { el, find } from "../dom.js";

const DESK = "(min-width: 760px)";

export class Drawer {
  #conversation = null;
  #name = null;

  constructor() {
    this.element = el("dialog", { class: "chat-drawer", oncancel: (event) => this.#cancel(event), onkeydown: (event) => event.key === "Escape" && this.close() });
    document.body.append(this.element);
  }

  /** `make(onClose)` gives the conversation to show under this name; a second press of `[data-talk=NAME]` closes it. */
  toggle(name, make) {
    const same = this.#name === name;
    this.close();
    if (same) return;
    this.#name = name;
    this.#conversation = make(() => this.close());
    this.element.setAttribute("aria-label", "Messages");
    this.element.replaceChildren(this.#conversation.element);
    if (matchMedia(DESK).matches) this.element.show();
    else this.element.showModal();
    this.#conversation.open();
  }

  close() {
    if (!this.#conversation) return;
    const opener = find(`[data-talk="${CSS.escape(this.#name)}"]`);
    this.#conversation.close();
    this.#conversation = this.#name = null;
    this.element.close();
    opener?.focus();
  }

  #cancel(event) {
    event.preventDefault();
    this.close();
  }
}
