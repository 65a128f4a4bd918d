/** The fences a dispatcher sees: what each is in words, what it told last, how it is drawn; and forms to Features. Pure. */

import { circle } from "../geo.js";
import { pixelsAtZoom0 } from "../map/mercator.js";
import { distance_words } from "../words.js";

export const FLASH_MS = 6_000;
const KMH = 3.6;
const ON_FOOT = ["enter", "exit", "cross"];
const KIND_WORDS = { enter: "enters", exit: "leaves", cross: "crosses" };

export class FenceBook {
  #fences = new Map();
  #told = new Map();
  #version = 0;

  /** Differs from the last one whenever the map has to be drawn anew. */
  key(now_ms) {
    const flashing = [...this.#told].filter(([, told]) => now_ms - told.now_ms < FLASH_MS).map(([id]) => id);
    return [this.#version, ...flashing].join();
  }

  get count() {
    return this.#fences.size;
  }

  get(id) {
    return this.#fences.get(id) ?? null;
  }

  /** The server's list; what is not in it is gone. */
  listed(features) {
    this.#version++;
    this.#fences = new Map(features.map((feature) => [feature.id, feature]));
  }

  put(feature) {
    this.#version++;
    this.#fences.set(feature.id, feature);
  }

  drop(id) {
    this.#version++;
    this.#fences.delete(id);
    this.#told.delete(id);
  }

  /** An alert; false when it is of a fence not known here yet. */
  alerted(item, now_ms) {
    this.#told.set(item.fence, { item, now_ms });
    return this.#fences.has(item.fence);
  }

  /** The fences that go with a rider are where `where(rider)` says, if it knows. */
  follow(where) {
    for (const [id, fence] of this.#fences) {
      const { rider } = fence.properties;
      const place = rider && where(rider);
      const [lng, lat] = fence.geometry.coordinates;
      if (!place || (place.lat === lat && place.lng === lng)) continue;
      this.put({ ...this.#fences.get(id), geometry: { type: "Point", coordinates: [place.lng, place.lat] } });
    }
  }

  /** The alert a fence told last, or null. */
  last(id) {
    return this.#told.get(id)?.item ?? null;
  }

  list() {
    return [...this.#fences.values()].sort((a, b) => a.properties.name.localeCompare(b.properties.name, undefined, { numeric: true }));
  }

  /** For the map: every fence; the chosen one and those that just told something stand out, an edited one as it will be. */
  features(now_ms, chosen = null, edited = null) {
    return this.list().map((kept) => {
      const feature = kept.id === edited?.id ? edited : kept;
      const told = this.#told.get(feature.id);
      const state = told && now_ms - told.now_ms < FLASH_MS ? "alert" : feature.id === chosen ? "chosen" : "calm";
      return drawn(feature, { state, name: feature.properties.name });
    });
  }
}

/** A fence's Feature as a shape on the map: a circle becomes an outline, a corridor keeps its width in metres. */
function drawn({ geometry, properties: { radius_m, width_m } }, properties) {
  if (geometry.type === "Point") return circle({ lat: geometry.coordinates[1], lng: geometry.coordinates[0] }, radius_m, properties, 72);
  const wide = geometry.type === "LineString" && { px: pixelsAtZoom0(geometry.coordinates[0][1], width_m) };
  return { type: "Feature", geometry, properties: { ...properties, ...wide } };
}

/** Every corner of a Feature as {lat, lng}; a circle's are on its edge. */
export function placesOf(feature) {
  const flat = (part) => (typeof part[0] === "number" ? [{ lat: part[1], lng: part[0] }] : part.flatMap(flat));
  return flat(drawn(feature, {}).geometry.coordinates);
}

/** "circle of 150 m; enters, leaves; over 5 min; over 30 km/h". */
export function described({ geometry, properties }) {
  const { kinds, rider, radius_m, width_m, dwell_s, speed_limit_mps } = properties;
  const shape = { Point: `${rider ? `goes with ${rider}` : "circle"}, radius ${distance_words(radius_m ?? 0)}`, LineString: `corridor, ${Math.round(width_m ?? 0)} m wide` }[geometry.type] ?? "area";
  const told = ON_FOOT.filter((kind) => !kinds || kinds.includes(kind)).map((kind) => KIND_WORDS[kind]);
  if (dwell_s) told.push(`stays ${minutes(dwell_s)} min`);
  if (speed_limit_mps) told.push(`over ${kmh(speed_limit_mps)} km/h`);
  return `${shape}: ${told.join(", ")}`;
}

const minutes = (seconds) => Math.round(seconds / 6) / 10;
const kmh = (mps) => Math.round(mps * KMH * 10) / 10;
const positive = (text) => (Number(text) > 0 ? Number(text) : null);

/** What a form shows of a fence's properties. */
export function fields({ name = "", kinds = null, rider, radius_m, width_m, dwell_s, speed_limit_mps } = {}) {
  return {
    rider: rider ?? "",
    name, size: radius_m ?? width_m ?? "", dwell: dwell_s ? minutes(dwell_s) : "", limit: speed_limit_mps ? kmh(speed_limit_mps) : "",
    ...Object.fromEntries(ON_FOOT.map((kind) => [kind, !kinds || kinds.includes(kind)])),
  };
}

/** The Feature of a filled form round a geometry; throws with words for the one who filled it. */
export function featureOf(form, geometry) {
  const name = form.name.trim();
  if (!name) throw new Error("Give the fence a name.");
  const [dwell, limit, size] = [positive(form.dwell), positive(form.limit), positive(form.size)];
  const kinds = ON_FOOT.filter((kind) => form[kind]);
  if (dwell) kinds.push("dwell");
  if (limit) kinds.push("speeding");
  if (kinds.length === 0) throw new Error("Choose at least one thing to be told of.");
  const measure = { Point: "radius_m", LineString: "width_m" }[geometry.type];
  if (measure && !size) throw new Error(`Say the ${measure === "radius_m" ? "radius" : "width"} in metres.`);
  return {
    type: "Feature", geometry,
    properties: {
      name, kinds, ...(measure && { [measure]: size }), ...(geometry.type === "Point" && form.rider?.trim() && { rider: form.rider.trim() }), ...(dwell && { dwell_s: Math.round(dwell * 60) }),
      ...(limit && { speed_limit_mps: Math.round((limit / KMH) * 1000) / 1000 }),
    },
  };
}
