/** The panel beside the dispatcher's map: counts, tabs, lists and the chosen rider. It draws; it knows no socket. */

import { el, find, say, show } from "../dom.js";
import { STATUS_WORDS, ago, clock, shortId } from "../words.js";

const SHOWN = 100;
const LOG_LINES = 200;

export class Panel {
  tab = "riders";
  #key = "";

  /** `act` holds what the panel asks for: choose(rider | null), assign(order), offer(order), look(). */
  constructor(act) {
    this.act = act;
    this.list = find("#list");
    this.search = find("#search");
    this.search.addEventListener("input", () => act.look());
    for (const tab of document.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => this.#turnTo(tab.dataset.tab));
      tab.addEventListener("keydown", (event) => this.#arrow(event, tab));
    }
  }

  counts({ riders, silent, orders }) {
    const fleet = find("#fleet");
    Object.assign(fleet.dataset, { riders, silent, orders });
    say(find("[data-count=riders]"), String(riders));
    say(find("[data-count=silent]"), String(silent));
    say(find("[data-count=orders]"), String(orders));
  }

  /** The list under the current tab. Rebuilt only when what it shows has changed. */
  show(fleet, orders, now_ms) {
    show(find("#search-row"), this.tab === "riders" || this.tab === "silent");
    show(find("#log"), this.tab === "log");
    show(find("#fences"), this.tab === "fences");
    const isList = this.tab !== "log" && this.tab !== "fences";
    show(this.list, isList);
    if (!isList) return;
    if (this.tab === "orders") this.#fill(orders.list().map((order) => [`${order.id}${order.rev}`, () => this.#order(order)]), "No open orders");
    else this.#riders(fleet, now_ms);
  }

  #riders(fleet, now_ms) {
    const silent = this.tab === "silent";
    const fixes = fleet.list(this.search.value, now_ms, silent);
    const rows = fixes.slice(0, SHOWN).map((fix) => [`${fix.rider} ${fleet.stale(fix.rider, now_ms)}`, () => this.#rider(fix, fleet.stale(fix.rider, now_ms))]);
    const crowded = fleet.clusters.length > 0 ? "Too many riders to list: zoom in" : "No riders here";
    this.#fill(rows, silent ? "Nobody is silent here" : crowded, fixes.length - SHOWN);
    for (const fix of fixes.slice(0, SHOWN)) this.#freshen(fix, now_ms);
  }

  #fill(rows, empty, more = 0) {
    const key = JSON.stringify([this.tab, rows.map(([name]) => name), more]);
    if (key === this.#key) return;
    this.#key = key;
    const focus = document.activeElement?.dataset?.focus;
    this.list.replaceChildren(...rows.map(([, make]) => make()));
    if (rows.length === 0) this.list.append(el("li", { class: "empty" }, empty));
    if (more > 0) this.list.append(el("li", { class: "empty" }, `and ${more} more: search to find them`));
    if (focus) find(`[data-focus="${CSS.escape(focus)}"]`, this.list)?.focus();
  }

  #rider({ rider }, stale) {
    return el("li", { "data-rider": rider },
      el("button", { type: "button", class: "row", "data-focus": rider, onclick: () => this.act.choose(rider) },
        el("span", { class: "row-name" }, rider),
        el("span", { class: `badge ${stale ? "warn" : "quiet"}`, "data-age": true })));
  }

  #freshen({ rider, lat, lng, ts }, now_ms) {
    const row = find(`[data-rider="${CSS.escape(rider)}"]`, this.list);
    if (!row) return;
    Object.assign(row.dataset, { lat, lng, ts });
    say(find("[data-age]", row), ago(now_ms - ts));
  }

  #order(order) {
    const button = (words, onclick, name) => el("button", { type: "button", class: "small", "data-act": name, onclick }, words);
    const acts = order.rider
      ? [button(order.rider, () => this.act.choose(order.rider), "choose")]
      : [button("Assign nearest", () => this.act.assign(order.id), "assign"), button("Offer", () => this.act.offer(order.id), "offer")];
    return el("li", { "data-order": order.id, "data-status": order.status, class: "order-row" },
      el("span", { class: "row-name", title: order.id }, shortId(order.id)),
      el("span", { class: "badge" }, STATUS_WORDS[order.status]),
      el("span", { class: "acts" }, ...acts));
  }

  /** The card of the chosen rider, or none. */
  chosen(fix, orders, stale, now_ms) {
    const card = find("#chosen");
    show(card, Boolean(fix));
    if (!fix) return;
    Object.assign(card.dataset, { rider: fix.rider, lat: fix.lat, lng: fix.lng });
    say(find("h2", card), fix.rider);
    const facts = [
      ["Position", `${fix.lat.toFixed(5)}, ${fix.lng.toFixed(5)}${fix.accuracy ? ` ± ${Math.round(fix.accuracy)} m` : ""}`],
      ["Seen", `${ago(now_ms - fix.ts)}${stale ? ", silent" : ""}`],
      ["Speed", typeof fix.speed === "number" ? `${Math.round(fix.speed * 3.6)} km/h` : "unknown"],
      ["Orders", orders.length ? orders.map(({ id, status }) => `${shortId(id)}: ${STATUS_WORDS[status].toLowerCase()}`).join("\n") : "none"],
    ];
    find("dl", card).replaceChildren(...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  }

  /** One line of the operations log, newest on top. */
  log(words, ts, attributes = {}) {
    const log = find("#log");
    log.prepend(el("li", attributes, el("time", { datetime: new Date(ts).toISOString() }, clock(ts)), el("span", {}, words)));
    while (log.children.length > LOG_LINES) log.lastChild.remove();
  }

  #turnTo(name) {
    this.tab = name;
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      if (on) find("#tabpanel").setAttribute("aria-labelledby", tab.id);
    }
    this.act.look();
  }

  #arrow({ key }, tab) {
    const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[key];
    const next = step && tab[step];
    if (!next) return;
    next.focus();
    this.#turnTo(next.dataset.tab);
  }
}
