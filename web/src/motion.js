/**
 * How a marker moves between fixes. It runs about DELAY_MS late on purpose: whenever a fix arrives, all points not yet
 * passed are spread evenly over the expected interval plus the delay, so that the marker neither jumps nor stands while
 * fixes come. It never guesses: past the last fix it stays there. Pure; the time is handed in.
 */

import { bearing, distance_m, turn } from "./geo.js";

export const DELAY_MS = 2_000;
const SHORTEST_MS = 500;
const LONGEST_MS = 30_000;
/** How much a new interval weighs against what was expected before. */
const LEARNING = 0.3;
/** Below this a step is GPS noise and says nothing about where the rider faces. */
const TURNS_FROM_M = 4;
/** A turn is done within this part of a step. */
const TURN_SHARE = 0.4;

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export class Motion {
  #points = [];
  #from = null;
  #start_ms = 0;
  #step_ms = 1;
  #interval_ms;
  #last = null;

  constructor({ interval_ms = 2_000, delay_ms = DELAY_MS } = {}) {
    this.#interval_ms = interval_ms;
    this.delay_ms = delay_ms;
  }

  /** The newest fix heard of, moving there or not; null before the first. */
  get last() {
    return this.#last;
  }

  get interval_ms() {
    return this.#interval_ms;
  }

  /** A fix came: {lat, lng, ts, heading?, accuracy?}. One that is not newer than the last is ignored (false). */
  add(fix, now_ms) {
    return this.addAll([fix], now_ms);
  }

  /** Several fixes at once, as after an outage: each is passed on the way. */
  addAll(fixes, now_ms) {
    const fresh = fixes.filter((fix) => this.#last === null || fix.ts > this.#last.ts).sort((a, b) => a.ts - b.ts);
    if (fresh.length === 0) return false;
    const here = this.at(now_ms);
    this.#learn(fresh);
    this.#last = fresh.at(-1);
    if (here === null) return this.#place(this.#last, now_ms);
    this.#points = [...this.#ahead(now_ms), ...fresh];
    this.#from = here;
    this.#start_ms = now_ms;
    this.#step_ms = (this.#interval_ms + this.delay_ms) / this.#points.length;
    return true;
  }

  /** Where to draw the marker: {lat, lng, heading, accuracy, moving}; null before the first fix. */
  at(now_ms) {
    if (this.#from === null) return null;
    const progress = Math.max(0, (now_ms - this.#start_ms) / this.#step_ms);
    const index = Math.floor(progress);
    if (index >= this.#points.length) return this.#rest();
    const [from, to] = [index === 0 ? this.#from : this.#points[index - 1], this.#points[index]];
    const share = progress - index;
    const before = this.#facingBefore(index);
    const along = (a, b) => a + (b - a) * share;
    return {
      lat: along(from.lat, to.lat),
      lng: from.lng + turn(from.lng, to.lng) * share,
      heading: (before + turn(before, this.#facing(from, to, before)) * clamp(share / TURN_SHARE, 0, 1) + 360) % 360,
      accuracy: along(from.accuracy ?? 0, to.accuracy ?? 0),
      moving: true,
    };
  }

  #place(fix) {
    this.#points = [];
    this.#from = { ...fix, heading: fix.heading ?? 0, accuracy: fix.accuracy ?? 0 };
    return true;
  }

  #rest() {
    const end = this.#points.at(-1) ?? this.#from;
    return { lat: end.lat, lng: end.lng, heading: this.#facingBefore(this.#points.length), accuracy: end.accuracy ?? 0, moving: false };
  }

  #ahead(now_ms) {
    return this.#points.slice(Math.floor(Math.max(0, (now_ms - this.#start_ms) / this.#step_ms)));
  }

  #learn(fresh) {
    let before = this.#last;
    for (const fix of fresh) {
      if (before) {
        const gap_ms = clamp(fix.ts - before.ts, SHORTEST_MS, LONGEST_MS);
        this.#interval_ms += LEARNING * (gap_ms - this.#interval_ms);
      }
      before = fix;
    }
  }

  /** Which way the rider faces after step `index` - 1, following the turns from the start of this motion. */
  #facingBefore(index) {
    let facing = this.#from.heading;
    for (let i = 0; i < index; i++) facing = this.#facing(i === 0 ? this.#from : this.#points[i - 1], this.#points[i], facing);
    return facing;
  }

  #facing(from, to, before) {
    if (typeof to.heading === "number") return to.heading;
    return distance_m(from, to) >= TURNS_FROM_M ? bearing(from, to) : before;
  }
}
