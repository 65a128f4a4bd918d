/** The riders on a dispatcher's map: who is there, where each is drawn now, who has gone quiet. Pure; time is handed in. */

import { collection, point } from "../geo.js";
import { Motion } from "../motion.js";
import { STALE_MS } from "../words.js";

export class Fleet {
  riders = new Map();
  clusters = [];

  /** A snapshot of an area: exactly these riders and clusters. A rider known before keeps gliding. */
  begin({ positions = [], clusters = [] }, now_ms) {
    const inside = new Set(positions.map(({ rider }) => rider));
    for (const id of this.riders.keys()) if (!inside.has(id)) this.riders.delete(id);
    this.clusters = clusters;
    for (const fix of positions) this.#moved(fix, now_ms);
  }

  /** One push of the area's channel. */
  told(message, now_ms) {
    if (message.type === "position") this.#moved(message, now_ms);
    else if (message.type === "left") this.riders.delete(message.rider);
    else if (message.type === "clusters") this.clusters = message.items;
  }

  /** How many are inside, single or clustered. */
  get count() {
    return this.riders.size + this.clusters.reduce((sum, { count }) => sum + count, 0);
  }

  stale(rider, now_ms) {
    const { fix } = this.riders.get(rider);
    return Boolean(fix.stale) || now_ms - fix.ts > STALE_MS;
  }

  silent(now_ms) {
    return [...this.riders.keys()].filter((rider) => this.stale(rider, now_ms));
  }

  /** Fixes whose rider's name holds `text`, by name; with `silent`, only those gone quiet, the longest first. */
  list(text, now_ms, silent = false) {
    const wanted = text.trim().toLowerCase();
    const found = [...this.riders.values()].map(({ fix }) => fix).filter(({ rider }) => rider.toLowerCase().includes(wanted));
    if (silent) return found.filter(({ rider }) => this.stale(rider, now_ms)).sort((a, b) => a.ts - b.ts);
    return found.sort((a, b) => a.rider.localeCompare(b.rider, undefined, { numeric: true }));
  }

  features(now_ms, chosen) {
    const riders = [];
    for (const [id, { motion }] of this.riders) {
      const drawn = motion.at(now_ms);
      riders.push(point(drawn, { id, heading: Math.round(drawn.heading), stale: this.stale(id, now_ms), chosen: id === chosen }));
    }
    return collection(riders);
  }

  clusterFeatures() {
    return collection(this.clusters.map((cluster) => point(cluster, { count: cluster.count })));
  }

  #moved(fix, now_ms) {
    const known = this.riders.get(fix.rider);
    if (known && fix.ts < known.fix.ts) return;
    const motion = known?.motion ?? new Motion();
    motion.add(fix, now_ms);
    this.riders.set(fix.rider, { fix, motion });
  }
}
