/** What is drawn on the customer's map for a moment: GeoJSON per overlay. Pure. */

import { cell, circle, collection, line, point } from "../geo.js";

/** An accuracy smaller than this would vanish under the marker, one larger says nothing. */
const CIRCLE_FROM_M = 15;
const CIRCLE_TO_M = 2_000;

export function placesOf({ pickup, dropoff }) {
  const places = [];
  if (pickup) places.push(point(pickup, { kind: "pickup" }));
  if (dropoff) places.push(point(dropoff, { kind: "dropoff" }));
  return collection(places);
}

/** The rider: an arrow with its accuracy circle, or for a coarse fix the cell it may be anywhere in. */
export function riderOf(fix, drawn, stale) {
  if (!fix || !drawn) return { riders: collection([]), area: collection([]) };
  if (fix.precision) return { riders: collection([]), area: collection([cell(fix, fix.precision, { kind: "cell" })]) };
  const around = drawn.accuracy >= CIRCLE_FROM_M && drawn.accuracy <= CIRCLE_TO_M
    ? [circle(drawn, drawn.accuracy, { kind: "accuracy" })] : [];
  return { riders: collection([point(drawn, { id: fix.rider, heading: drawn.heading, stale })]), area: collection(around) };
}

export function trailOf(places) {
  return collection(places.length > 1 ? [line(places)] : []);
}
