/** Orders read over REST and kept fresh by what channels tell: a told change is fetched, never guessed. */

import { OVER } from "./words.js";

export class OrderBook {
  #orders = new Map();
  #fetching = new Set();

  constructor(rest, changed, trouble) {
    Object.assign(this, { rest, changed, trouble });
  }

  /** Orders newest first, those over last. */
  list() {
    const over = ({ status }) => Number(OVER.has(status));
    return [...this.#orders.values()].sort((a, b) => over(a) - over(b) || (a.id < b.id ? 1 : -1));
  }

  open() {
    return this.list().filter(({ status }) => !OVER.has(status));
  }

  async refresh() {
    await this.#try(async () => {
      const { items } = await this.rest.get("orders?limit=100");
      for (const order of items) this.#put(order);
    });
  }

  /** A channel said that this order is at revision `rev`. */
  async told(id, rev) {
    if ((this.#orders.get(id)?.rev ?? -1) >= rev || this.#fetching.has(id)) return;
    this.#fetching.add(id);
    const fetched = await this.#try(async () => this.#put(await this.rest.get(`orders/${encodeURIComponent(id)}`)));
    this.#fetching.delete(id);
    if (fetched && this.#orders.get(id).rev < rev) this.told(id, rev);
  }

  async step(order, status) {
    await this.#try(async () => this.#put(await this.rest.post(`orders/${encodeURIComponent(order.id)}/status`, { status })));
  }

  #put(order) {
    if ((this.#orders.get(order.id)?.rev ?? -1) <= order.rev) this.#orders.set(order.id, order);
  }

  async #try(work) {
    try {
      await work();
      this.trouble("");
      return true;
    } catch (problem) {
      this.trouble(problem.message);
      return false;
    } finally {
      this.changed();
    }
  }
}
