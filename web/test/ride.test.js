/** A rider's points: numbered once, kept until the server has them, sent at the pace it asks for. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { itemsWords, stepsFor } from "../src/orderlist.js";
import { Offers } from "../src/ride/offers.js";
import { BATCH, Outbox } from "../src/ride/outbox.js";
import { LONGEST_MS, Pace, SHORTEST_MS, fixOf } from "../src/ride/pace.js";

const fix = (ts) => ({ ts, lat: 41, lng: -8 });
const filled = (count, options) => {
  const outbox = new Outbox(options);
  for (let i = 0; i < count; i++) outbox.add(fix(i));
  return outbox;
};
const seqs = ({ points }) => points.map(({ seq }) => seq);

test("numbers rise by one and go on after a reload, even when no point is left", () => {
  assert.deepEqual(seqs(filled(3).report()), [1, 2, 3]);
  const outbox = new Outbox({ points: [{ seq: 7, ...fix(1) }], nextSeq: 5 });
  assert.equal(outbox.add(fix(2)).point.seq, 8);
  assert.equal(new Outbox({ nextSeq: 40 }).add(fix(3)).point.seq, 40);
});

test("a point stays until an ack covers it", () => {
  const outbox = filled(4);
  outbox.ack({ upto: 2 }, []);
  assert.deepEqual([outbox.queued, outbox.acked], [2, 2]);
  assert.deepEqual(seqs(outbox.report()), [3, 4]);
  outbox.ack({ upto: 2 }, outbox.report().points);
  assert.deepEqual([outbox.queued, outbox.acked], [0, 4]);
});

test("a long backlog goes in batches, each with the newest point, and says which is the oldest held", () => {
  const outbox = filled(450);
  const first = outbox.report();
  assert.deepEqual([first.points.length, first.points[0].seq, first.points.at(-1).seq, first.oldest], [BATCH, 1, 450, 1]);
  let reports = 0;
  for (let report = outbox.report(); report; report = outbox.report()) {
    outbox.ack({ upto: 0 }, report.points);
    reports += 1;
  }
  assert.deepEqual([reports, outbox.acked], [3, 450]);
});

test("a full outbox lets its oldest points go and counts them", () => {
  const outbox = filled(5, { bound: 3 });
  assert.deepEqual([seqs(outbox.report()), outbox.dropped], [[3, 4, 5], 2]);
});

test("a report that can never be taken does not hold up the rest", () => {
  const outbox = filled(2);
  const { points } = outbox.report();
  outbox.add(fix(9));
  outbox.refuse(points);
  assert.deepEqual(seqs(outbox.report()), [3]);
});

test("fixes go at the interval the server asks for, within bounds", () => {
  const pace = new Pace();
  pace.steer({ interval_ms: 1_000, why: "watched" });
  assert.equal(pace.wait_ms(0), 0);
  pace.took(0);
  assert.deepEqual([1, 500, 899, 900, 1_000].map((now) => pace.wait_ms(now)), [999, 500, 101, 0, 0]);
  pace.steer({ interval_ms: 1 });
  assert.equal(pace.interval_ms, SHORTEST_MS);
  pace.steer({ interval_ms: 1e9 });
  assert.equal(pace.interval_ms, LONGEST_MS);
  pace.steer({});
  assert.equal(pace.interval_ms, LONGEST_MS);
});

test("a silent watch is asked after twenty seconds, or the interval when that is longer", () => {
  const pace = new Pace();
  pace.took(0);
  assert.deepEqual([pace.asks(19_999), pace.asks(20_000)], [false, true]);
  pace.steer({ interval_ms: 60_000 });
  assert.deepEqual([pace.asks(59_999), pace.asks(60_000)], [false, true]);
});

test("what the phone does not know is left out of the point", () => {
  const coords = { latitude: 41, longitude: -8, accuracy: 12, altitude: null, heading: NaN, speed: undefined };
  assert.deepEqual(fixOf({ timestamp: 1000.6, coords }), { ts: 1001, lat: 41, lng: -8, accuracy: 12 });
});

test("a card offers the steps its reader may take, cancelling last", () => {
  const vendor = new Set(["accepted", "preparing", "ready", "cancelled"]);
  assert.deepEqual(stepsFor({ next: ["cancelled", "accepted"] }, vendor), ["accepted", "cancelled"]);
  assert.deepEqual(stepsFor({ next: ["picked_up", "cancelled"] }, new Set(["picked_up"])), ["picked_up"]);
  assert.equal(itemsWords([{ name: "Mango", quantity: 2 }, { name: "Bread", quantity: 1 }, {}]), "2 × Mango, Bread, item");
});

test("an offer is open until its state or its time says otherwise", () => {
  const offers = new Offers();
  offers.begin([
    { type: "offer", order: "o1", number: 1, state: "open", expires: 5_000 },
    { type: "offer", order: "o2", number: 1, state: "open", expires: 3_000 },
    { type: "geofence", order: "o1" },
  ]);
  assert.deepEqual(offers.list(0).map(({ order }) => order), ["o2", "o1"]);
  assert.deepEqual(offers.list(4_000).map(({ order }) => order), ["o1"]);
  offers.told({ order: "o1", number: 1, state: "declined" });
  assert.deepEqual(offers.list(0).map(({ order }) => order), ["o2"]);
  offers.told({ order: "o2", number: 4, state: "open", expires: 9_000 });
  offers.told({ order: "o2", number: 1, state: "expired" });
  assert.deepEqual(offers.list(4_000).map(({ number }) => number), [4]);
  offers.answered("o2");
  assert.deepEqual(offers.list(0), []);
});
