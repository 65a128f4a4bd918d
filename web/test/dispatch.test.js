/** What a dispatcher's page keeps of the fleet, its areas and its orders. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Replay, momentsOf, sumsOf } from "../src/dispatch/replay.js";
import { Fleet } from "../src/dispatch/fleet.js";
import { Changes } from "../src/map/changes.js";
import { sentence } from "../src/dispatch/oplog.js";
import { Orders } from "../src/dispatch/orders.js";
import { WORLD, channelOf, grown, serves } from "../src/dispatch/viewport.js";

const fix = (rider, ts = 1, more = {}) => ({ type: "position", rider, lat: 41, lng: -8, ts, ...more });
const VIEW = { west: -8.7, south: 41.1, east: -8.5, north: 41.2 };

test("a small move of the map asks for nothing, a large one or a zoom asks anew", () => {
  const area = grown(VIEW);
  const moved = (by) => ({ ...VIEW, west: VIEW.west + by, east: VIEW.east + by });
  assert.equal(serves(area, VIEW), true);
  assert.equal(serves(area, moved(0.02)), true);
  assert.equal(serves(area, moved(0.2)), false);
  assert.equal(serves(area, { west: -8.61, south: 41.14, east: -8.59, north: 41.15 }), false);
});

test("a view of the whole world stays inside it", () => {
  const area = grown({ west: -500, south: -89, east: 500, north: 89 });
  assert.deepEqual(area, { west: -180, south: -85, east: 180, north: 85 });
  assert.equal(serves(WORLD, { west: -500, south: -89, east: 500, north: 89 }), true);
  assert.equal(channelOf(VIEW), "area:-8.7,41.1,-8.5,41.2");
});

test("a snapshot shows exactly its riders, and a later one takes the absent away", () => {
  const fleet = new Fleet();
  fleet.begin({ positions: [fix("a"), fix("b")] }, 0);
  fleet.begin({ positions: [fix("b", 2)] }, 0);
  assert.deepEqual([...fleet.riders.keys()], ["b"]);
});

test("riders enter with a position and leave with left; an older position changes nothing", () => {
  const fleet = new Fleet();
  fleet.told(fix("a", 5), 0);
  fleet.told({ ...fix("a", 4), lat: 50 }, 0);
  assert.equal(fleet.riders.get("a").fix.lat, 41);
  fleet.told({ type: "left", rider: "a" }, 0);
  assert.equal(fleet.count, 0);
});

test("clusters replace all clusters and count with the single riders", () => {
  const fleet = new Fleet();
  fleet.told({ type: "clusters", items: [{ lat: 1, lng: 1, count: 700 }] }, 0);
  fleet.told(fix("a"), 0);
  assert.equal(fleet.count, 701);
  fleet.told({ type: "clusters", items: [] }, 0);
  assert.equal(fleet.count, 1);
});

test("silent riders are those not heard of for a minute, the longest silent first", () => {
  const fleet = new Fleet();
  fleet.begin({ positions: [fix("a", 50_000), fix("b", 1_000), fix("c", 99_000), fix("d", 98_000, { stale: true }), fix("e", 20_000)] }, 100_000);
  assert.deepEqual(fleet.list("", 100_000, true).map(({ rider }) => rider), ["b", "e", "d"]);
  assert.deepEqual(fleet.list("A", 100_000).map(({ rider }) => rider), ["a"]);
});

test("two thousand riders are placed within a frame", () => {
  const fleet = new Fleet();
  const at = (ts) => Array.from({ length: 2000 }, (_, i) => ({ ...fix(`r${i}`, ts), lat: 41 + i / 1e4 + ts / 1e9 }));
  for (const ts of [1_000, 2_000, 3_000]) for (const each of at(ts)) fleet.told(each, ts);
  assert.equal(fleet.features(3_500, "r7").features.length, 2000);
});

test("an order that ended is no longer open, and an old list does not bring it back", () => {
  const orders = new Orders();
  orders.told({ order: "o1", status: "order_placed", rev: 1 });
  orders.told({ order: "o1", status: "accepted", rev: 3, rider: "r1" });
  orders.listed([{ id: "o1", status: "order_placed", rev: 1, rider_id: null }]);
  assert.deepEqual(orders.of("r1").map(({ status }) => status), ["accepted"]);
  orders.told({ order: "o1", status: "cancelled", rev: 4 });
  assert.equal(orders.list().length, 0);
});

test("every log item reads as a sentence, even one of a kind not known yet", () => {
  assert.equal(sentence({ type: "order", order: "o1", status: "picked_up", rider: "r1", by: "r1" }), "o1: on the way, rider r1 (by r1)");
  assert.equal(sentence({ type: "geofence", rider: "r1", kind: "enter", fence: "centre" }), "r1 entered centre");
  assert.equal(sentence({ type: "new.kind", rider: "r1" }), "new.kind r1");
});

const at = (ts, lng) => ({ lat: 0, lng, ts });

test("a replay runs at its speed, stands while paused, and ends with the day", () => {
  const replay = new Replay([at(0, 0), at(60_000, 0.01), at(120_000, 0.02)], 60);
  assert.deepEqual([replay.time(500), replay.playing(500)], [0, false]);
  replay.play(1_000);
  assert.deepEqual([replay.time(1_500), replay.place(1_500).lng.toFixed(4), replay.playing(1_500)], [30_000, "0.0050", true]);
  replay.pause(1_500);
  assert.equal(replay.time(9_000), 30_000);
  replay.play(9_000);
  replay.setSpeed(1, 9_500);
  assert.equal(replay.time(10_500), 61_000);
  replay.seek(119_500, 11_000);
  assert.deepEqual([replay.time(13_000), replay.playing(13_000)], [120_000, false]);
  replay.play(14_000);
  assert.equal(replay.time(14_000), 0);
});

test("where no fix tells for long, a replay waits at the last one", () => {
  const replay = new Replay([at(0, 0), at(600_000, 1)], 1);
  replay.seek(300_000, 0);
  assert.equal(replay.place(0).lng, 0);
  replay.seek(600_000, 0);
  assert.equal(replay.place(0).lng, 1);
});

test("a day's stops and trips become moments in order, and sums", () => {
  const day = { features: [
    { geometry: { type: "Point", coordinates: [1, 2] }, properties: { kind: "stop", from: "1970-01-01T00:00:00Z", to: "1970-01-01T00:05:00Z", duration_s: 300, distance_m: 0 } },
    { geometry: { type: "LineString", coordinates: [[1, 2], [1.01, 2]] }, properties: { kind: "trip", times: ["1970-01-01T00:05:00Z", "1970-01-01T00:06:00Z"], duration_s: 60, distance_m: 1112 } },
  ] };
  assert.deepEqual(momentsOf(day).map(({ ts }) => ts / 60_000), [0, 5, 5, 6]);
  assert.deepEqual(sumsOf(day), { stops: 1, trips: 1, distance_m: 1112, moving_s: 60, stopped_s: 300 });
});

test("a layer in which nothing moved is not drawn again, a new one is", () => {
  const [changes, riders, fences] = [new Changes(), {}, {}];
  const at = (lat) => ({ type: "FeatureCollection", features: [{ type: "Feature", geometry: { type: "Point", coordinates: [-8, lat] } }] });
  assert.deepEqual([true, false, true, true], [41, 41, 42, 41].map((lat) => changes.take(riders, at(lat))));
  assert.equal(changes.take(fences, at(41)), true);
});
