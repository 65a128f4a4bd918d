/** A fence being drawn: clicks and the pointer's moves in, the shape so far out. Pure. */

import { circle, distance_m, line, point } from "../geo.js";
import { pixelsAtZoom0 } from "../map/mercator.js";

const LEAST_RADIUS_M = 5;

/** What each shape is called, how many corners it needs at least, and what to do next by how many there are. */
export const SHAPES = {
  circle: { word: "Circle", least: 1, size_m: 150, hints: ["Click the middle of the circle.", "Click where its edge shall be."] },
  polygon: {
    word: "Area", least: 3, size_m: null,
    hints: ["Click the first corner.", "Click the next corner.", "Click the next corner.", "Go on, or click the first corner again to close the outline."],
  },
  corridor: { word: "Corridor", least: 2, size_m: 60, hints: ["Click where the corridor begins.", "Click along its way.", "Go on, or click the last point again to end it."] },
};

export class Pen {
  corners = [];
  done = false;
  /** Rises with every change of what is drawn. */
  version = 0;
  #cursor = null;
  #size_m;

  /** `size_m`: a circle's radius, a corridor's width. */
  constructor(shape, size_m = SHAPES[shape].size_m) {
    this.shape = shape;
    this.#size_m = size_m;
  }

  get size_m() {
    return this.#size_m;
  }

  set size_m(metres) {
    this.#size_m = metres;
    this.version++;
  }

  get hint() {
    const { hints, word } = SHAPES[this.shape];
    return this.done ? `${word} drawn. Name it and save.` : hints[Math.min(this.corners.length, hints.length - 1)];
  }

  get ready() {
    return this.corners.length >= SHAPES[this.shape].least;
  }

  /** A click on the map; `same(a, b)` says whether two places are one spot on the screen. */
  click(place, same = () => false) {
    if (this.done) return;
    this.version++;
    const [first, last] = [this.corners[0], this.corners.at(-1)];
    if (this.shape === "circle") {
      if (!first) this.corners.push(place);
      else this.#edge(place);
    } else if (this.ready && (same(place, last) || (this.shape === "polygon" && same(place, first)))) this.done = true;
    else if (!last || !same(place, last)) this.corners.push(place);
    this.#cursor = null;
  }

  /** The pointer is here: the shape follows it until the next click. */
  move(place) {
    if (this.done) return;
    this.#cursor = place;
    this.version++;
  }

  /** Take back the last click. */
  undo() {
    this.version++;
    if (this.done) this.done = false;
    else this.corners.pop();
  }

  #edge(place) {
    this.size_m = Math.max(LEAST_RADIUS_M, Math.round(distance_m(this.corners[0], place)));
    this.done = true;
  }

  /** The geometry as the service wants it; null while it is none. */
  geometry() {
    if (!this.ready) return null;
    const places = this.corners.map(({ lat, lng }) => [lng, lat]);
    if (this.shape === "circle") return { type: "Point", coordinates: places[0] };
    if (this.shape === "corridor") return { type: "LineString", coordinates: places };
    return { type: "Polygon", coordinates: [[...places, places[0]]] };
  }

  /** The draft for the map: the shape, led on to the pointer, and a handle on each corner. */
  features() {
    const handles = this.corners.map((corner) => point(corner, { state: "draft", handle: true }));
    return [...this.#outline(), ...handles];
  }

  #outline() {
    const draft = { state: "draft" };
    const [first] = this.corners;
    if (!first) return [];
    if (this.shape === "circle") {
      const radius_m = this.#cursor ? Math.max(LEAST_RADIUS_M, distance_m(first, this.#cursor)) : this.size_m;
      return [circle(first, radius_m, draft)];
    }
    const places = this.#cursor ? [...this.corners, this.#cursor] : this.corners;
    if (places.length < 2) return [];
    if (this.shape === "corridor") return [line(places, { ...draft, px: pixelsAtZoom0(first.lat, this.size_m) })];
    if (places.length < 3) return [line(places, draft)];
    const ring = [...places, first].map(({ lat, lng }) => [lng, lat]);
    return [{ type: "Feature", properties: draft, geometry: { type: "Polygon", coordinates: [ring] } }];
  }
}
