/**
 * Points that the server has not yet called durable. Pure: it numbers, keeps, hands out and forgets; where it is kept
 * between visits is the shelf's business (shelf.js).
 */

export const BATCH = 200;
/** A day's ride at one point each four seconds. When it is full the oldest points give way, and the server is told. */
export const BOUND = 20_000;

export class Outbox {
  acked = 0;
  dropped = 0;
  #points;
  #nextSeq;

  /** `points`: left over from the last visit; `nextSeq`: never used before, not even by a point that was lost. */
  constructor({ points = [], nextSeq = 1, bound = BOUND } = {}) {
    this.#points = [...points].sort((a, b) => a.seq - b.seq);
    this.#nextSeq = Math.max(nextSeq, (this.#points.at(-1)?.seq ?? 0) + 1);
    this.bound = bound;
  }

  get queued() {
    return this.#points.length;
  }

  get nextSeq() {
    return this.#nextSeq;
  }

  /** Number a fix and keep it. Returns {point, gone}: the point, and the seqs that had to give way. */
  add(fix) {
    const point = { seq: this.#nextSeq++, ...fix };
    this.#points.push(point);
    const gone = this.#points.splice(0, Math.max(0, this.#points.length - this.bound)).map(({ seq }) => seq);
    this.dropped += gone.length;
    return { point, gone };
  }

  /** The report to send next, or null: newest first within reason, so that "now" is right before the past is complete. */
  report() {
    if (this.#points.length === 0) return null;
    const points = this.#points.slice(0, BATCH);
    const newest = this.#points.at(-1);
    if (points.at(-1) !== newest) points[points.length - 1] = newest;
    return { type: "location.report", points, oldest: this.#points[0].seq };
  }

  /** The server's ack: every seq up to `upto` is stored or refused. So are the points of the answered report itself. */
  ack({ upto }, sent) {
    const answered = new Set(sent.map(({ seq }) => seq));
    const before = this.#points.length;
    this.#points = this.#points.filter(({ seq }) => seq > upto && !answered.has(seq));
    this.acked += before - this.#points.length;
  }

  /** A report that can never be taken: its points go, so that the others are not held up for ever. */
  refuse(sent) {
    const refused = new Set(sent.map(({ seq }) => seq));
    this.#points = this.#points.filter(({ seq }) => !refused.has(seq));
    this.dropped += refused.size;
  }

  /** Whether a point is still waiting. */
  holds(seq) {
    return this.#points.some((point) => point.seq === seq);
  }
}
