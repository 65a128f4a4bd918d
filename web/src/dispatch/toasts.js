/** Fence alerts over the map: the newest few, each for a while, a click goes to the rider. */

import { el } from "../dom.js";
import { clock } from "../words.js";
import { sentence } from "./oplog.js";

const LIFE_MS = 10_000;
const MOST = 4;

export class Toasts {
  /** `choose(rider)` is what a click does. */
  constructor(root, choose) {
    Object.assign(this, { root, choose });
  }

  add(item) {
    const toast = el("button", { type: "button", class: "toast", "data-kind": item.kind, "data-rider": item.rider, "data-event": item.event_id },
      el("strong", {}, sentence(item)),
      el("time", { datetime: new Date(item.ts).toISOString() }, clock(item.ts)),
      el("small", {}, "Fence alert · show the rider"));
    toast.addEventListener("click", () => {
      this.choose(item.rider);
      toast.remove();
    });
    this.root.append(toast);
    while (this.root.children.length > MOST) this.root.firstChild.remove();
    setTimeout(() => toast.remove(), LIFE_MS);
  }
}
