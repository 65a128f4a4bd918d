/**
 * A rider's day played again: a line of moments, and a playhead that runs over it at 1 to 60 times the pace of the day.
 * Between two fixes of a trip the rider is drawn on the line; where no fix tells for long, at the last one. Pure; the
 * time is handed in.
 */

import { bearing } from "../geo.js";

export const SPEEDS = [1, 5, 10, 30, 60];
/** Two fixes further apart than this leave unknown what was between. */
export const SILENT_MS = 120_000;

/** The moments {lat, lng, ts} of a day's GeoJSON: every fix of its trips, begin and end of its stops. */
export function momentsOf({ features }) {
  return features.flatMap(({ geometry, properties }) => {
    if (geometry.type === "LineString") {
      return geometry.coordinates.map(([lng, lat], i) => ({ lat, lng, ts: Date.parse(properties.times[i]) }));
    }
    const [lng, lat] = geometry.coordinates;
    return [properties.from, properties.to].map((at) => ({ lat, lng, ts: Date.parse(at) }));
  });
}

/** The sums of a day's GeoJSON. */
export function sumsOf({ features }) {
  const sums = { stops: 0, trips: 0, distance_m: 0, moving_s: 0, stopped_s: 0 };
  for (const { properties: { kind, distance_m, duration_s } } of features) {
    sums[kind === "stop" ? "stops" : "trips"] += 1;
    sums[kind === "stop" ? "stopped_s" : "moving_s"] += duration_s;
    sums.distance_m += distance_m;
  }
  return sums;
}

export class Replay {
  #at;
  #since_ms = null;

  constructor(moments, speed = 30) {
    this.moments = moments;
    this.speed = speed;
    this.#at = this.first;
  }

  get first() {
    return this.moments[0].ts;
  }

  get last() {
    return this.moments.at(-1).ts;
  }

  /** Does the playhead move? Not before `play`, and no more at the end. */
  playing(now_ms) {
    return this.#since_ms !== null && this.time(now_ms) < this.last;
  }

  play(now_ms) {
    this.seek(this.time(now_ms) >= this.last ? this.first : this.time(now_ms), now_ms);
    this.#since_ms = now_ms;
  }

  pause(now_ms) {
    this.#at = this.time(now_ms);
    this.#since_ms = null;
  }

  setSpeed(speed, now_ms) {
    this.seek(this.time(now_ms), now_ms);
    this.speed = speed;
  }

  seek(ts, now_ms) {
    this.#at = Math.min(this.last, Math.max(this.first, ts));
    if (this.#since_ms !== null) this.#since_ms = now_ms;
  }

  /** The moment of the day that is shown. */
  time(now_ms) {
    const run_ms = this.#since_ms === null ? 0 : (now_ms - this.#since_ms) * this.speed;
    return Math.min(this.last, this.#at + run_ms);
  }

  /** Where the rider was then: {lat, lng, heading}. */
  place(now_ms) {
    const ts = this.time(now_ms);
    const next = this.#after(ts);
    const [a, b] = [this.moments[Math.max(0, next - 1)], this.moments[Math.min(next, this.moments.length - 1)]];
    const share = b.ts > a.ts && b.ts - a.ts <= SILENT_MS ? (ts - a.ts) / (b.ts - a.ts) : 0;
    return { lat: a.lat + (b.lat - a.lat) * share, lng: a.lng + (b.lng - a.lng) * share, heading: bearing(a, b) };
  }

  /** The first moment later than `ts`, by halving. */
  #after(ts) {
    let [low, high] = [0, this.moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.moments[middle].ts <= ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
