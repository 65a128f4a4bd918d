/** How often the phone reports: the server's `next.interval_ms`, within bounds. Pure; time is handed in. */

export const SHORTEST_MS = 500;
export const LONGEST_MS = 120_000;
const FIRST_MS = 2_000;
/** Fixes come a little early or late: this much of the interval is enough. */
const ENOUGH = 0.9;
/** A parked phone's watch stays silent; ask for a fix after this long, so that nobody takes it for lost. */
const ASK_AFTER_MS = 20_000;

export class Pace {
  interval_ms = FIRST_MS;
  why = "";
  #taken_ms = -Infinity;

  steer({ interval_ms, why } = {}) {
    if (!Number.isFinite(interval_ms)) return;
    this.interval_ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, interval_ms));
    this.why = why ?? "";
  }

  /** Milliseconds until the next fix may go, 0 when it may now. */
  wait_ms(now_ms) {
    const since_ms = now_ms - this.#taken_ms;
    return since_ms >= this.interval_ms * ENOUGH ? 0 : this.interval_ms - since_ms;
  }

  /** A fix goes now. */
  took(now_ms) {
    this.#taken_ms = now_ms;
  }

  /** Whether to ask the phone for a fix, because none came for long. */
  asks(now_ms) {
    return now_ms - this.#taken_ms >= Math.max(this.interval_ms, ASK_AFTER_MS);
  }
}

/** The browser's position as a point of a report: what the phone does not know is left out. */
export function fixOf({ timestamp, coords }) {
  const fix = { ts: Math.round(timestamp), lat: coords.latitude, lng: coords.longitude };
  for (const name of ["accuracy", "altitude", "heading", "speed"]) {
    if (Number.isFinite(coords[name])) fix[name] = coords[name];
  }
  return fix;
}
