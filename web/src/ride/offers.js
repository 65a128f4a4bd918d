/** The orders a rider is asked to take, out of the `offer` items of their channel. Pure; the time is handed in. */

export class Offers {
  #open = new Map();

  /** An `offer` item. Each order has one offer at a time; a later number, or any other state, ends the one before. */
  told({ order, number, state, expires, pickup, dropoff, distance_m, eta_s }) {
    const known = this.#open.get(order);
    if (known && known.number > number) return;
    if (state === "open") this.#open.set(order, { order, number, expires, pickup, dropoff, distance_m, eta_s });
    else this.#open.delete(order);
  }

  /** A channel that begins anew: what was known before may be over. */
  begin(items) {
    this.#open.clear();
    for (const item of items) if (item.type === "offer") this.told(item);
  }

  /** Answered here: gone before the server says so. */
  answered(order) {
    this.#open.delete(order);
  }

  /** What can still be answered, the most urgent first. */
  list(now_ms) {
    return [...this.#open.values()].filter(({ expires }) => expires > now_ms).sort((a, b) => a.expires - b.expires);
  }
}

/** "6 s left", "0 s left". */
export const left_words = (expires, now_ms) => `${Math.max(0, Math.ceil((expires - now_ms) / 1000))} s left`;
