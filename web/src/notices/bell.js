/** The bell with its number, and the list behind it. */

import { el, find, say, show } from "../dom.js";
import { clock } from "../words.js";
import { bellWords, grouped } from "./model.js";

export class Bell {
  /** `opened()`, `choose(entry)`, `readAll()` and `preferences()` are what its buttons do. */
  constructor(place, acts) {
    this.acts = acts;
    this.badge = el("span", { class: "bell-count", hidden: true });
    this.button = el("button", { type: "button", id: "bell", class: "bell", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": bellWords(0), onclick: () => this.toggle() },
      el("span", { "aria-hidden": "true", class: "bell-shape" }), this.badge);
    this.list = el("ul", { class: "notice-list" });
    this.panel = el("dialog", { class: "notice-panel", "aria-label": "Notifications", onkeydown: ({ key }) => key === "Escape" && this.close() },
      el("header", {}, el("h2", {}, "Notifications"), el("button", { type: "button", class: "small", id: "notice-read-all", onclick: acts.readAll }, "Mark all read")),
      this.list,
      el("footer", {},
        el("button", { type: "button", class: "small", id: "notice-preferences", onclick: acts.preferences }, "Preferences"),
        el("button", { type: "button", class: "small", onclick: () => this.close() }, "Close")));
    place.append(this.button);
    document.body.append(this.panel);
  }

  get isOpen() {
    return this.panel.open;
  }

  toggle() {
    if (this.isOpen) return this.close();
    this.panel.show();
    this.button.setAttribute("aria-expanded", "true");
    this.acts.opened();
    find("button", this.panel).focus();
  }

  close() {
    if (!this.isOpen) return;
    this.panel.close();
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
  }

  show({ unread, items }) {
    say(this.badge, unread > 99 ? "99+" : String(unread));
    show(this.badge, unread > 0);
    this.button.dataset.unread = unread;
    this.button.setAttribute("aria-label", bellWords(unread));
    const entries = grouped(items);
    this.list.replaceChildren(...(entries.length ? entries.map((entry) => this.#entry(entry)) : [el("li", { class: "empty" }, "Nothing to tell")]));
  }

  #entry(entry) {
    return el("li", {}, el("button", { type: "button", class: "notice-entry", "data-id": entry.notification_id, "data-unread": entry.unread, onclick: () => this.acts.choose(entry) },
      el("span", { class: "visually-hidden" }, entry.unread ? "Unread: " : ""),
      el("strong", {}, entry.title), el("span", {}, entry.body),
      el("time", { datetime: new Date(entry.ts).toISOString(), class: "soft" }, clock(entry.ts))));
  }
}
