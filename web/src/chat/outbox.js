/**
 * Messages written here and not yet known to be stored. Pure: no socket, no clock, no storage. Each keeps its client_id
 * over every retry and every reload, so the server stores it once however often it is sent.
 */

/** state × event → next state; null: it leaves the outbox. An event that a state does not name is ignored. */
export const MOVES = {
  waiting: { take: "sending", seen: null, drop: null, refuse: "failed" },
  sending: { ack: "sent", lose: "waiting", refuse: "failed", seen: null },
  failed: { retry: "waiting", drop: null, seen: null },
  sent: { seen: null },
};

/** More than this many waiting is no conversation any more. */
export const MOST = 100;

export class Outbox {
  #letters = [];

  /** `kept` are letters that an earlier page left behind: {client_id, room, text, written_ms, …}. */
  constructor(kept = []) {
    for (const letter of [...kept].sort((a, b) => a.written_ms - b.written_ms)) this.add(letter);
  }

  /** False when there is no room for more. */
  add(letter) {
    if (this.#find(letter.client_id)) return true;
    if (this.#letters.filter(({ state }) => state !== "sent").length >= MOST) return false;
    this.#letters.push({ ...letter, state: letter.state === "failed" ? "failed" : "waiting" });
    return true;
  }

  /** The letters of a room as they were written. */
  of(room) {
    return this.#letters.filter((letter) => letter.room === room);
  }

  /** The next letter to send, now "sending"; null while one is on its way, so that a room's order is the writer's. */
  take() {
    if (this.#letters.some(({ state }) => state === "sending")) return null;
    const next = this.#letters.find(({ state }) => state === "waiting");
    return next ? this.#move(next.client_id, "take") : null;
  }

  /** The server stored it: `chat.ack`. It stays to be shown until the room's log brings it. */
  acked({ client_id, number, ts }) {
    return this.#move(client_id, "ack", { number, ts });
  }

  /** The connection broke, or the server asks to try again. */
  lost(client_id) {
    return this.#move(client_id, "lose");
  }

  /** The server will never take it like this. */
  refused(client_id, reason) {
    return this.#move(client_id, "refuse", { reason });
  }

  retry(client_id) {
    return this.#move(client_id, "retry", { reason: undefined });
  }

  drop(client_id) {
    return this.#move(client_id, "drop");
  }

  /** The room's log holds it, whatever became of the answer. */
  seen(client_id) {
    return this.#move(client_id, "seen");
  }

  #find(client_id) {
    return this.#letters.find((letter) => letter.client_id === client_id);
  }

  /** The letter after the event; null when it names no letter, or the letter's state does not know it. */
  #move(client_id, event, facts = {}) {
    const letter = this.#find(client_id);
    const state = letter && MOVES[letter.state][event];
    if (state === undefined || letter === undefined) return null;
    Object.assign(letter, facts, state && { state });
    if (state === null) this.#letters = this.#letters.filter((other) => other !== letter);
    return letter;
  }
}
