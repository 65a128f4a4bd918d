/** Fences on the dispatcher's page: drawing, forms, the list and its words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FLASH_MS, FenceBook, described, featureOf, fields, placesOf } from "../src/dispatch/fencebook.js";
import { sentence } from "../src/dispatch/oplog.js";
import { Pen } from "../src/dispatch/pen.js";
import { distance_m } from "../src/geo.js";

const at = (lat, lng) => ({ lat, lng });
const same = (a, b) => distance_m(a, b) < 5;
const A = at(41, -8), B = at(41, -7.99), C = at(41.01, -7.99);
const FORM = { name: " Market ", size: "150", dwell: "", limit: "", enter: true, exit: true, cross: false };
const market = (id, properties = {}) => ({ type: "Feature", id, geometry: { type: "Point", coordinates: [-8, 41] }, properties: { name: id, radius_m: 150, ...properties } });

test("a circle is a middle and an edge", () => {
  const pen = new Pen("circle");
  assert.equal(pen.geometry(), null);
  pen.click(A, same);
  pen.move(B);
  assert.equal(pen.features().length, 2);
  pen.click(B, same);
  assert.deepEqual([pen.geometry(), pen.size_m, pen.done], [{ type: "Point", coordinates: [-8, 41] }, Math.round(distance_m(A, B)), true]);
  pen.click(C, same);
  assert.equal(pen.corners.length, 1);
});

test("an area closes on its first corner or on a double click, not before three corners", () => {
  for (const end of [A, C]) {
    const pen = new Pen("polygon");
    for (const place of [A, B, B]) pen.click(place, same);
    pen.click(A, same);
    assert.deepEqual([pen.ready, pen.done, pen.corners.length], [true, false, 3]);
    pen.undo();
    pen.click(C, same);
    pen.click(end, same);
    assert.deepEqual([pen.done, pen.geometry().coordinates], [true, [[[-8, 41], [-7.99, 41], [-7.99, 41.01], [-8, 41]]]]);
  }
});

test("a corridor ends on its last point and is as wide on the map as it is said to be", () => {
  const pen = new Pen("corridor", 60);
  for (const place of [A, B, B]) pen.click(place, same);
  assert.deepEqual([pen.done, pen.geometry().type], [true, "LineString"]);
  const narrow = pen.features()[0].properties.px;
  pen.size_m = 120;
  assert.equal(pen.features()[0].properties.px, 2 * narrow);
});

test("each click, move and undo says that the map must be drawn anew, and what is done moves no more", () => {
  const pen = new Pen("circle");
  const versions = [pen.version];
  for (const act of [() => pen.click(A, same), () => pen.move(B), () => pen.undo(), () => pen.click(A, same), () => pen.click(B, same)]) {
    act();
    versions.push(pen.version);
  }
  assert.deepEqual(versions, [...new Set(versions)]);
  pen.move(C);
  assert.equal(pen.version, versions.at(-1));
});

test("a form makes the Feature the service wants", () => {
  const feature = featureOf({ ...FORM, dwell: "5", limit: "36" }, { type: "Point", coordinates: [-8, 41] });
  assert.deepEqual(feature.properties, { name: "Market", kinds: ["enter", "exit", "dwell", "speeding"], radius_m: 150, dwell_s: 300, speed_limit_mps: 10 });
  assert.equal("radius_m" in featureOf(FORM, { type: "Polygon", coordinates: [] }).properties, false);
});

test("a form says what is missing", () => {
  const point = { type: "Point", coordinates: [-8, 41] };
  assert.throws(() => featureOf({ ...FORM, name: "  " }, point), /name/);
  assert.throws(() => featureOf({ ...FORM, size: "" }, point), /radius/);
  assert.throws(() => featureOf({ ...FORM, enter: false, exit: false }, point), /at least one/);
});

test("what a form shows of a fence makes the same fence again", () => {
  const properties = { name: "Market", kinds: ["enter", "dwell", "speeding"], radius_m: 80, dwell_s: 90, speed_limit_mps: 10 };
  assert.deepEqual(featureOf(fields(properties), { type: "Point", coordinates: [0, 0] }).properties, properties);
});

test("a fence in words", () => {
  assert.equal(described(market("m", { kinds: ["enter", "dwell"], dwell_s: 300 })), "circle, radius 150 m: enters, stays 5 min");
  assert.equal(sentence({ type: "geofence", rider: "r1", kind: "exit", fence: "f00", name: "Market" }), "r1 left Market");
  assert.equal(sentence({ type: "geofence", rider: "r1", kind: "off_route", fence: "route:dropoff", order: "o1" }), "r1 left the route with o1");
});

test("a fence that told something shines for a while; one not known here is said to be unknown", () => {
  const book = new FenceBook();
  book.listed([market("b"), market("a")]);
  const calm = book.key(0);
  assert.equal(book.alerted({ fence: "a", kind: "enter" }, 0), true);
  assert.equal(book.alerted({ fence: "new", kind: "enter" }, 0), false);
  assert.notEqual(book.key(0), calm);
  assert.deepEqual(book.features(1).map(({ properties }) => properties.state), ["alert", "calm"]);
  assert.deepEqual(book.features(FLASH_MS, "b").map(({ properties }) => properties.state), ["calm", "chosen"]);
  assert.equal(book.key(FLASH_MS), calm);
});

test("a fence that goes with a rider is where the rider is", () => {
  const book = new FenceBook();
  book.listed([market("m", { rider: "r1" }), market("n")]);
  const before = book.key(0);
  book.follow(() => null);
  assert.equal(book.key(0), before);
  book.follow((rider) => rider === "r1" && { lat: 42, lng: -7 });
  assert.deepEqual([book.get("m").geometry.coordinates, book.get("n").geometry.coordinates], [[-7, 42], [-8, 41]]);
  assert.equal(featureOf({ ...fields(book.get("m").properties) }, book.get("m").geometry).properties.rider, "r1");
});

test("a circle's places lie on its edge", () => {
  for (const place of placesOf(market("m"))) assert.ok(Math.abs(distance_m(A, place) - 150) < 1);
});
