/** How many messages wait in each room, as the server counts them: absolute numbers, never differences. Pure. */

export class Unread {
  #counts = new Map();

  /** `changed()` after each change. */
  constructor(changed = () => {}) {
    this.changed = changed;
  }

  /** The list of rooms, which knows all of them. */
  listed(rooms) {
    const before = this.#counts;
    this.#counts = new Map(rooms.map(({ id, unread }) => [id, unread]));
    if (rooms.length !== before.size || rooms.some(({ id, unread }) => before.get(id) !== unread)) this.changed();
  }

  /** One room's count. */
  told(room, unread) {
    if (this.#counts.get(room) === unread) return;
    this.#counts.set(room, unread);
    this.changed();
  }

  of(room) {
    return this.#counts.get(room) ?? 0;
  }

  get total() {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
