/** What the customer's page makes of an order's channel. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { creditOf } from "../src/map/style.js";
import { begun, EMPTY, timeline, told } from "../src/track/model.js";
import { riderOf } from "../src/track/scene.js";
import { fragment, shareToken } from "../src/token.js";
import { ago, window_words } from "../src/words.js";

const order = (status, offset) => ({ type: "order", order: "7", status, offset, ts: offset * 1000, rev: offset });
const fix = { type: "position", rider: "r1", lat: 41.1, lng: -8.6, ts: 1 };

test("the snapshot's current values win over its older log items", () => {
  const items = [order("order_placed", 1), order("accepted", 2)];
  const model = begun(EMPTY, { items, state: { order: "7", status: "picked_up", position: fix }, reset: true });
  assert.deepEqual([model.status, model.fix, model.times.accepted], ["picked_up", fix, 2000]);
});

test("a snapshot followed by its pushes equals a later snapshot", () => {
  const log = ["order_placed", "accepted", "preparing", "ready", "picked_up", "arriving", "delivered"].map((s, i) => order(s, i + 1));
  for (let cut = 0; cut <= log.length; cut++) {
    const early = begun(EMPTY, { items: log.slice(0, cut), state: {}, reset: true });
    const later = begun(EMPTY, { items: log, state: {}, reset: true });
    assert.deepEqual(log.slice(cut).reduce(told, early), later);
  }
});

test("when the order is over, no position is kept and none is taken", () => {
  const model = told(told({ ...EMPTY, status: "arriving", fix }, order("delivered", 9)), fix);
  assert.equal(model.fix, null);
});

test("the timeline marks what is done, what is now and what comes", () => {
  const phases = timeline({ ...EMPTY, status: "preparing" }).map(({ phase }) => phase);
  assert.deepEqual(phases, ["done", "done", "now", "next", "next", "next", "next"]);
  assert.ok(timeline({ ...EMPTY, status: "delivered" }).every(({ phase }) => phase === "done"));
});

test("a coarse position is drawn as a cell without a marker, an exact one as a marker", () => {
  const coarse = riderOf({ ...fix, precision: 3 }, { ...fix, heading: 0, accuracy: 0 }, false);
  assert.deepEqual([coarse.riders.features.length, coarse.area.features[0].properties.kind], [0, "cell"]);
  const exact = riderOf(fix, { ...fix, heading: 0, accuracy: 40 }, true);
  assert.deepEqual([exact.riders.features[0].properties.stale, exact.area.features[0].properties.kind], [true, "accuracy"]);
});

test("the map credits whom the city's manifest names, as text", () => {
  assert.equal(creditOf("Elsewhere is invented"), "Elsewhere is invented");
  assert.match(creditOf("© OpenStreetMap contributors"), /^<a href="https:\/\/www.openstreetmap.org\/copyright".*>© OpenStreetMap contributors<\/a>$/);
  assert.equal(creditOf("<b>\"&"), "&#60;b&#62;&#34;&#38;");
});

test("a token is read from the fragment or a share link's path and from nowhere else", () => {
  assert.deepEqual(fragment("#token=a.b.c&order=7"), { token: "a.b.c", order: "7" });
  assert.deepEqual(["/track/abc_-D", "/track/abc/", "/track", "/track/a/b", "/x/abc"].map(shareToken), ["abc_-D", "abc", null, null, null]);
});

test("ages and windows read as a person would say them", () => {
  assert.deepEqual([0, 12_000, 61_000, 7_300_000, 90_000_000].map(ago), ["just now", "12 s ago", "1 min ago", "2 h ago", "1 day ago"]);
  assert.equal(window_words({ earliest: 240_000, latest: 540_000 }, 0), "in 4–9 min");
  assert.equal(window_words({ at: 30_000 }, 0), "any minute");
});
