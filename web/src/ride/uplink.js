/** Sends what the outbox holds, one report at a time, until the server calls it durable; then forgets it. */

const AGAIN_MS = 2_000;

export class Uplink {
  #busy = false;
  #timer = null;

  /** `changed()` is called whenever counts or pace may have changed. */
  constructor({ wire, outbox, shelf, pace, changed }) {
    Object.assign(this, { wire, outbox, shelf, pace, changed });
  }

  keep(fix) {
    const { point, gone } = this.outbox.add(fix);
    this.shelf.nextSeq = this.outbox.nextSeq;
    this.shelf.put(point);
    if (gone.length) this.shelf.remove(gone);
    this.flush();
  }

  /** Send until nothing waits. Called for each new point and whenever the connection is back. */
  async flush() {
    this.changed();
    if (this.#busy) return;
    const report = this.outbox.report();
    if (!report) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      const ack = await this.wire.request({ ...report, health: { visible: document.visibilityState === "visible" } });
      this.outbox.ack(ack, report.points);
      this.pace.steer(ack.next);
      this.#forget(report.points, ack.upto);
      this.#busy = false;
      this.flush();
    } catch (error) {
      this.#busy = false;
      this.#failed(error, report.points);
    }
  }

  #forget(points, upto) {
    this.shelf.remove(points.map(({ seq }) => seq).filter((seq) => seq <= upto || !this.outbox.holds(seq)));
  }

  #failed({ code, retry, after_ms }, points) {
    if (retry || code === "offline") {
      if (code !== "offline") this.#timer = setTimeout(() => this.flush(), after_ms ?? AGAIN_MS);
      return;
    }
    this.outbox.refuse(points);
    this.shelf.remove(points.map(({ seq }) => seq));
    this.changed();
  }
}
