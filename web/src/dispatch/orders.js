/** Open orders as a dispatcher knows them, from the list at the start and the `ops` log from then on. Pure. */

import { OVER } from "../words.js";

export class Orders {
  open = new Map();

  /** The REST list's orders. What the log told meanwhile and is newer stays. */
  listed(orders) {
    for (const { id, status, rev, rider_id, customer_id, vendor_id } of orders) {
      this.#put({ id, status, rev, rider: rider_id, customer: customer_id, vendor: vendor_id });
    }
  }

  /** An `order` item of the log. */
  told({ order, status, rev, rider, customer, vendor }) {
    this.#put({ id: order, status, rev, rider: rider ?? null, customer, vendor });
  }

  of(rider) {
    return [...this.open.values()].filter((order) => order.rider === rider);
  }

  /** Newest first; ids sort by the time of placing. */
  list() {
    return [...this.open.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  #put(order) {
    const known = this.open.get(order.id);
    if (known && known.rev > order.rev) return;
    if (OVER.has(order.status)) this.open.delete(order.id);
    else this.open.set(order.id, { ...known, ...order });
  }
}
