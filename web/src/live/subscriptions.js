/**
 * What this client follows, and how far it has read each log. Pure: it decides which items are new, which are doubled
 * and when continuity is broken; it never sends anything.
 */

export class Subscriptions {
  #byChannel = new Map();

  /** Follow a channel; `options` go into the subscribe message (`max_rate_hz`). */
  add(channel, options = {}) {
    this.#byChannel.set(channel, { options, epoch: null, offset: 0, live: false });
  }

  remove(channel) {
    return this.#byChannel.delete(channel);
  }

  has(channel) {
    return this.#byChannel.has(channel);
  }

  get channels() {
    return [...this.#byChannel.keys()];
  }

  /** The socket is gone: nothing is live until its `subscribed` comes. */
  interrupted() {
    for (const entry of this.#byChannel.values()) entry.live = false;
  }

  /** The body of a subscribe message that asks for what came after the last item we have. */
  request(channel) {
    const { options, epoch, offset } = this.#byChannel.get(channel);
    const message = { type: "subscribe", channel, ...options };
    if (epoch !== null) message.recover = { epoch, offset };
    return message;
  }

  /**
   * Take a `subscribed` answer. Returns {items, state, reset}: the items not seen before, ascending; `reset` is true
   * when older items may be missing, so that what was built from them must be built anew. Null: not followed any more.
   */
  subscribed(answer) {
    const entry = this.#byChannel.get(answer.channel);
    if (!entry) return null;
    const sameStream = entry.epoch !== null && entry.epoch === answer.epoch;
    const reset = !(sameStream && answer.recovered);
    const seen = reset ? 0 : entry.offset;
    const items = (answer.items ?? []).filter((item) => item.offset > seen);
    Object.assign(entry, { epoch: answer.epoch ?? null, offset: answer.offset ?? 0, live: true });
    return { items, state: answer.state ?? {}, reset };
  }

  /**
   * Judge a push: "new" (show it), "double" (seen already), "hole" (items before it are missing: subscribe again) or
   * "stray" (not followed, or its `subscribed` is still on the way and will bring it).
   */
  judge(push) {
    const entry = this.#byChannel.get(push.channel);
    if (!entry || !entry.live) return "stray";
    if (push.type === "gap") return this.#broken(entry);
    if (push.offset === undefined) return "new";
    if (push.offset <= entry.offset) return "double";
    if (push.offset > entry.offset + 1) return this.#broken(entry);
    entry.offset = push.offset;
    return "new";
  }

  #broken(entry) {
    entry.live = false;
    return "hole";
  }
}
