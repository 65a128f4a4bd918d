/** Fences at work: drawn on the map, listed, edited, deleted, and shining when they tell something. */

import { el, find, say, show } from "../dom.js";
import { collection } from "../geo.js";
import { clock } from "../words.js";
import { FenceBook, described, placesOf } from "./fencebook.js";
import { FenceForm } from "./fenceform.js";
import { sentence } from "./oplog.js";
import { Pen, SHAPES } from "./pen.js";

const PAGE = 1_000;
const EVENTS = 5;
const SURE_MS = 4_000;
const SAME_PX = 12;
const GEOMETRY = { circle: "Point", polygon: "Polygon", corridor: "LineString" };

export class FenceDesk {
  #book = new FenceBook();
  #pen = null;
  #edited = null;
  #chosen = null;
  #drawn = "";

  /** `rest` keeps fences, `map` shows them, `fit(places)` brings one into view, `where(rider)` knows riders' places. */
  constructor({ rest, map, fit, where }) {
    Object.assign(this, { rest, map, fit, where });
    this.form = new FenceForm({
      save: () => this.#save(), cancel: () => this.cancel(), undo: () => this.#undo(), middle: () => this.#click(this.#middle()),
      sized: (metres) => this.#sized(metres),
    });
    this.pens = Object.fromEntries(Object.entries(SHAPES).map(([shape, { word }]) => [shape,
      el("button", { type: "button", "data-shape": shape, "aria-pressed": "false", onclick: () => this.#take(shape) }, word)]));
    find("#fence-pens").append(...Object.values(this.pens));
    find("#fence-edit").addEventListener("click", () => this.#edit());
    find("#fence-delete").addEventListener("click", ({ currentTarget }) => this.#delete(currentTarget));
  }

  /** Read all fences anew. */
  async load() {
    await this.#try(async () => {
      const { features, next } = await this.rest.get(`geofences?limit=${PAGE}`);
      this.#book.listed(features);
      if (next) say(find("#fence-problem"), `The first ${PAGE} fences are shown.`);
      this.#list();
    });
  }

  /** A fence told something: it shines for a while, and its card is brought up to date. */
  alerted(item) {
    if (item.fence.startsWith("route:")) return;
    if (!this.#book.alerted(item, Date.now())) this.load();
    this.#list();
    if (item.fence === this.#chosen) this.#readEvents();
  }

  /** Somebody drew, changed or deleted a fence: read it again. One that is edited here stays as it is until it is saved. */
  async changed(id) {
    const feature = await this.rest.get(`geofences/${encodeURIComponent(id)}`).catch(({ status }) => (status === 404 ? null : undefined));
    if (feature === undefined) return;
    if (feature) this.#book.put(feature);
    else this.#forget(id);
    this.#list();
  }

  #forget(id) {
    this.#book.drop(id);
    if (this.#edited?.id === id) this.#putDown();
    if (this.#chosen === id) this.#choose(null);
  }

  /** Put everything of fences on the map, when it changed. */
  draw(now_ms) {
    this.#book.follow(this.where);
    const key = [this.#book.key(now_ms), this.#chosen, this.#edited?.properties.radius_m, this.#edited?.properties.width_m, this.#pen?.shape, this.#pen?.version].join("|");
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.map.set("fences", collection([...this.#book.features(now_ms, this.#chosen, this.#edited), ...(this.#pen?.features() ?? [])]));
  }

  /** Leave drawing or editing without saving; true when there was something to leave. */
  cancel() {
    const was = this.form.isOpen;
    this.#putDown();
    return was;
  }

  #take(shape) {
    this.#putDown();
    this.#choose(null);
    this.#pen = new Pen(shape);
    this.pens[shape].setAttribute("aria-pressed", "true");
    this.map.draw({ click: (place) => this.#click(place), move: (place) => this.#pen.move(place) });
    this.form.open(GEOMETRY[shape], { [shape === "corridor" ? "width_m" : "radius_m"]: this.#pen.size_m }, true);
    this.#list();
    this.#guide();
  }

  #click(place) {
    const same = (a, b) => {
      const [one, other] = [this.map.pixel(a), this.map.pixel(b)];
      return Math.hypot(one.x - other.x, one.y - other.y) < SAME_PX;
    };
    this.#pen.click(place, same);
    if (this.#pen.size_m) this.form.setSize(this.#pen.size_m);
    this.#guide();
  }

  #undo() {
    this.#pen.undo();
    this.#guide();
  }

  #sized(metres) {
    if (this.#pen) this.#pen.size_m = metres;
    else if (this.#edited) {
      const { geometry, properties } = this.#edited;
      const name = geometry.type === "Point" ? "radius_m" : "width_m";
      this.#edited = { ...this.#edited, properties: { ...properties, [name]: metres } };
    }
  }

  #middle() {
    const { west, south, east, north } = this.map.bounds();
    return { lat: (south + north) / 2, lng: (west + east) / 2 };
  }

  #guide() {
    const hint = find("#pen-hint");
    show(hint, Boolean(this.#pen));
    say(hint, this.#pen?.hint ?? "");
    find("#fences").dataset.corners = this.#pen?.corners.length ?? "";
  }

  #putDown() {
    this.#pen = this.#edited = null;
    this.map.draw(null);
    for (const button of Object.values(this.pens)) button.setAttribute("aria-pressed", "false");
    this.form.close();
    say(find("#fence-problem"), "");
    this.#guide();
    this.#list();
  }

  async #save() {
    await this.#try(async () => {
      const geometry = this.#edited?.geometry ?? this.#pen.geometry();
      if (!geometry) throw new Error(this.#pen.hint);
      const feature = this.form.feature(geometry);
      const { repairs, ...saved } = this.#edited ? await this.rest.put(`geofences/${this.#edited.id}`, feature) : await this.rest.post("geofences", feature);
      this.#book.put(saved);
      this.#putDown();
      this.#choose(saved.id);
      if (repairs.length) say(find("#fence-problem"), `Saved, with a repair: ${repairs.join("; ")}.`);
    });
  }

  #edit() {
    this.#putDown();
    this.#edited = this.#book.get(this.#chosen);
    this.form.open(this.#edited.geometry.type, this.#edited.properties, false);
    this.#list();
  }

  /** Asks once more: the first press arms the button for a while. */
  async #delete(button) {
    if (button.dataset.sure === undefined) {
      button.dataset.sure = "";
      say(button, "Delete it?");
      setTimeout(() => this.#disarm(button), SURE_MS);
      return;
    }
    this.#disarm(button);
    await this.#try(async () => {
      await this.rest.delete(`geofences/${this.#chosen}`);
      this.#forget(this.#chosen);
    });
  }

  #disarm(button) {
    delete button.dataset.sure;
    say(button, "Delete");
  }

  #choose(id) {
    this.#chosen = id;
    if (id) {
      this.fit(placesOf(this.#book.get(id)));
      this.#readEvents();
    }
    this.#list();
  }

  #list() {
    show(find("#fence-list"), !this.form.isOpen);
    const rows = this.#book.list().map((feature) => this.#row(feature));
    if (rows.length === 0) rows.push(el("li", { class: "empty" }, "No fences yet: draw one on the map"));
    find("#fence-list").replaceChildren(...rows);
    find("#fences").dataset.count = this.#book.count;
    this.#card();
  }

  #row(feature) {
    const last = this.#book.last(feature.id);
    return el("li", { "data-fence": feature.id },
      el("button", { type: "button", class: "fence-row", "aria-current": String(feature.id === this.#chosen), "data-state": last ? "alert" : "calm", onclick: () => this.#choose(feature.id) },
        el("span", {}, feature.properties.name),
        el("small", {}, last ? `${clock(last.ts)} ${sentence(last)}` : described(feature))));
  }

  #card() {
    const feature = this.#book.get(this.#chosen);
    const card = find("#fence-card");
    show(card, Boolean(feature) && !this.form.isOpen);
    if (!feature) return;
    card.dataset.fence = feature.id;
    say(find("h2", card), feature.properties.name);
    say(find("p", card), described(feature));
  }

  async #readEvents() {
    const id = this.#chosen;
    await this.#try(async () => {
      const { items } = await this.rest.get(`geofences/${id}/events?limit=${EVENTS}`);
      if (id !== this.#chosen) return;
      find("#fence-events").replaceChildren(...items.map((item) =>
        el("li", { "data-event": item.event_id }, el("time", { datetime: new Date(item.ts).toISOString() }, clock(item.ts)), el("span", {}, sentence({ ...item, type: "geofence" })))));
    });
  }

  async #try(work) {
    say(find("#fence-problem"), "");
    try {
      await work();
    } catch (problem) {
      say(find("#fence-problem"), problem.message);
    }
  }
}
