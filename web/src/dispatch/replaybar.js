/** The controls of a replayed day: which day, play and pause, the speed, a slider over the day, and its sums. */

import { el, find, say, show } from "../dom.js";
import { collection, line, point } from "../geo.js";
import { clock, distance_words } from "../words.js";
import { Replay, SPEEDS, momentsOf, sumsOf } from "./replay.js";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const NOTHING = collection([]);
const today = () => new Date().toLocaleDateString("sv");
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
const minutes = (seconds) => `${Math.round(seconds / 60)} min`;

export class ReplayBar {
  #rider = null;
  #replay = null;
  #asked = 0;

  /** `rest` reads days, `map` shows their lines, `fit(places)` brings them into view. */
  constructor({ rest, map, fit }) {
    Object.assign(this, { rest, map, fit, root: find("#replay") });
    this.date = find("#replay-date");
    this.slider = find("#replay-at");
    const speed = find("#replay-speed");
    speed.append(...SPEEDS.map((times) => el("option", { value: times, selected: times === 30 }, `${times}×`)));
    this.date.addEventListener("change", () => this.#load());
    speed.addEventListener("change", () => this.#replay?.setSpeed(Number(speed.value), Date.now()));
    this.slider.addEventListener("input", () => this.#replay?.seek(Number(this.slider.value), Date.now()));
    find("#replay-play").addEventListener("click", () => this.#toggle());
    find("#replay-close").addEventListener("click", () => this.close());
  }

  open(rider) {
    this.#rider = rider;
    this.date.max = this.date.value = today();
    show(this.root, true);
    this.#load();
  }

  close() {
    this.#rider = this.#replay = null;
    show(this.root, false);
    this.map.set("trail", NOTHING);
  }

  /** The rider of then as a feature for the map, or none; keeps the controls up to date. */
  features(now_ms) {
    if (!this.#replay) return [];
    const [ts, place, playing] = [this.#replay.time(now_ms), this.#replay.place(now_ms), this.#replay.playing(now_ms)];
    this.slider.value = ts;
    Object.assign(this.root.dataset, { lat: place.lat.toFixed(6), lng: place.lng.toFixed(6), playing });
    say(find("#replay-time"), clock(ts));
    say(find("#replay-play"), playing ? "Pause" : "Play");
    return [point(place, { id: `${this.#rider} then`, heading: Math.round(place.heading), stale: false, chosen: true })];
  }

  #toggle() {
    const now_ms = Date.now();
    if (!this.#replay) return;
    if (this.#replay.playing(now_ms)) this.#replay.pause(now_ms);
    else this.#replay.play(now_ms);
  }

  async #load() {
    const number = ++this.#asked;
    this.#replay = null;
    this.map.set("trail", NOTHING);
    say(find("#replay-rider"), `${this.#rider}: reading the day…`);
    try {
      const query = new URLSearchParams({ date: this.date.value, zone: ZONE, format: "geojson" });
      const day = await this.rest.get(`riders/${encodeURIComponent(this.#rider)}/day?${query}`);
      if (number === this.#asked && this.#rider) this.#show(day);
    } catch (problem) {
      if (number === this.#asked) say(find("#replay-rider"), problem.message);
    }
  }

  #show(day) {
    const moments = momentsOf(day);
    const { stops, trips, distance_m, moving_s, stopped_s } = sumsOf(day);
    const words = `${count(trips, "trip")}, ${distance_words(distance_m)} in ${minutes(moving_s)}; ${count(stops, "stop")}, ${minutes(stopped_s)}`;
    say(find("#replay-rider"), moments.length ? `${this.#rider}: ${words}` : `${this.#rider}: no fixes on this day`);
    if (moments.length === 0) return;
    this.#replay = new Replay(moments, Number(find("#replay-speed").value));
    Object.assign(this.slider, { min: this.#replay.first, max: this.#replay.last });
    this.map.set("trail", collection([line(moments)]));
    this.fit(moments);
  }
}
