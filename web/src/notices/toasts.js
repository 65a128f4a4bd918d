/** Toasts: the newest few notifications, each for a while; a newer one of a subject takes the older one's place. */

import { el } from "../dom.js";

const LIFE_MS = 8_000;
const MOST = 3;

export class NoticeToasts {
  /** `open(item)` follows one, `dismiss(item)` is its cross. */
  constructor({ open, dismiss }) {
    Object.assign(this, { open, dismiss });
    this.root = el("div", { class: "notice-toasts", role: "log", "aria-live": "polite", "aria-label": "New notifications" });
    document.body.append(this.root);
  }

  add(item) {
    this.#take(({ dataset }) => item.collapse && dataset.collapse === item.collapse);
    const toast = el("div", { class: "notice-toast", "data-id": item.notification_id, "data-kind": item.kind, "data-collapse": item.collapse ?? null, "data-priority": item.priority },
      el("button", { type: "button", class: "notice-open", onclick: () => this.#then(toast, () => this.open(item)) }, el("strong", {}, item.title), el("span", {}, item.body)),
      el("button", { type: "button", class: "notice-close", "aria-label": `Dismiss: ${item.title}`, onclick: () => this.#then(toast, () => this.dismiss(item)) }, "×"));
    this.root.append(toast);
    while (this.root.children.length > MOST) this.root.firstChild.remove();
    if (item.priority !== "critical") setTimeout(() => toast.remove(), LIFE_MS);
  }

  /** They were read elsewhere. */
  clear(ids) {
    this.#take(({ dataset }) => ids.includes(dataset.id));
  }

  #take(which) {
    for (const toast of [...this.root.children]) if (which(toast)) toast.remove();
  }

  #then(toast, act) {
    toast.remove();
    act();
  }
}
