/** The protocol's state machine: what a client does when it connects, loses the line, comes back, or is sent away. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_MS, SETTLED_MS, delay_ms, verdict } from "../src/live/backoff.js";
import { MOVES, PROBE_MS, QUIET_MS, Session } from "../src/live/session.js";

const of = (effects, verb) => effects.filter((effect) => effect.do === verb);
const sent = (effects) => of(effects, "send").map(({ message }) => message);

function online({ random = () => 0.5, channels = [] } = {}) {
  const session = new Session({ token: "t", random });
  for (const channel of channels) session.subscribe(channel);
  session.start(0);
  const [auth] = sent(session.opened(0));
  return { session, welcomed: session.received({ type: "welcome", re: auth.id, token_ttl: 900 }, 0) };
}

function following(items = []) {
  const { session, welcomed } = online({ channels: ["order:7"] });
  const [ask] = sent(welcomed);
  session.received({ type: "subscribed", re: ask.id, channel: "order:7", epoch: "e1", offset: items.length, recovered: false, items, state: {} }, 0);
  return session;
}

const item = (offset) => ({ type: "order", channel: "order:7", offset });

test("the first message is auth with the token, and nothing else goes out before the welcome", () => {
  const session = new Session({ token: "secret", client: "tab" });
  assert.deepEqual(session.subscribe("order:7"), []);
  assert.deepEqual(of(session.start(0), "open").length, 1);
  assert.deepEqual(sent(session.opened(0)), [{ type: "auth", token: "secret", client: "tab", id: 1 }]);
  assert.deepEqual(session.request({ type: "history" }), [null, []]);
});

test("after the welcome every channel is asked for, under rising ids", () => {
  const { welcomed } = online({ channels: ["order:7", "ops"] });
  assert.deepEqual(sent(welcomed), [{ type: "subscribe", channel: "order:7", id: 2 }, { type: "subscribe", channel: "ops", id: 3 }]);
});

test("a reconnect recovers each channel from the last item it has", () => {
  const session = following([item(1), item(2)]);
  session.received(item(3), 0);
  session.closed(1006, "", 100);
  session.start(200);
  const [auth] = sent(session.opened(200));
  const [ask] = sent(session.received({ type: "welcome", re: auth.id }, 200));
  assert.deepEqual(ask.recover, { epoch: "e1", offset: 3 });
});

test("items seen already are not shown twice when the recovery overlaps", () => {
  const session = following([item(1), item(2)]);
  session.closed(1006, "", 1);
  session.start(1);
  const [auth] = sent(session.opened(1));
  const [ask] = sent(session.received({ type: "welcome", re: auth.id }, 1));
  const effects = session.received({ type: "subscribed", re: ask.id, channel: "order:7", epoch: "e1", offset: 4, recovered: true, items: [2, 3, 4].map(item) }, 2);
  assert.deepEqual(of(effects, "begin").map(({ items, reset }) => [items.map((i) => i.offset), reset]), [[[3, 4], false]]);
});

test("another epoch means another stream: everything is shown anew", () => {
  const session = following([item(1), item(2)]);
  session.closed(1006, "", 1);
  session.start(1);
  const [auth] = sent(session.opened(1));
  const [ask] = sent(session.received({ type: "welcome", re: auth.id }, 1));
  const effects = session.received({ type: "subscribed", re: ask.id, channel: "order:7", epoch: "e2", offset: 1, recovered: false, items: [item(1)] }, 2);
  assert.deepEqual(of(effects, "begin").map(({ items, reset }) => [items.length, reset]), [[1, true]]);
});

test("a push that was seen is dropped, and one past a hole makes us ask again instead of showing it", () => {
  const session = following([item(1)]);
  assert.deepEqual(of(session.received(item(1), 0), "push"), []);
  const effects = session.received(item(3), 0);
  assert.deepEqual(of(effects, "push"), []);
  assert.deepEqual(sent(effects).map(({ type, recover }) => [type, recover]), [["subscribe", { epoch: "e1", offset: 1 }]]);
});

test("gap makes us ask for the channel again from what we have", () => {
  const session = following([item(1), item(2)]);
  const effects = session.received({ type: "gap", channel: "order:7", from: 3, to: 2000 }, 0);
  assert.deepEqual(sent(effects).at(-1).recover, { epoch: "e1", offset: 2 });
});

test("several messages in one frame are taken in order", () => {
  const session = following([]);
  const effects = session.received([item(1), item(2)], 0);
  assert.deepEqual(of(effects, "push").map(({ message }) => message.offset), [1, 2]);
});

test("a request in flight when the line breaks is reported lost, once", () => {
  const session = following([]);
  const [id] = session.request({ type: "location.report", points: [] });
  assert.deepEqual(of(session.closed(1006, "", 5), "lost"), [{ do: "lost", id }]);
});

test("close codes 4500 to 4999 end it, 4000 to 4499 and everything else come back", () => {
  assert.deepEqual([4500, 4501, 4999].map(verdict), ["stay", "stay", "stay"]);
  assert.deepEqual([1000, 1006, 1012, 4001, 4029, 4499].map(verdict), Array(6).fill("return"));
  const { session } = online();
  const effects = session.closed(4501, "revoked", 5);
  assert.deepEqual(of(effects, "status"), [{ do: "status", status: "refused", code: 4501, reason: "revoked" }]);
  assert.deepEqual(session.start(10), []);
});

test("bye says how long to stay away, and its code counts even when the close frame is lost", () => {
  const { session } = online({ random: () => 0.5 });
  session.received({ type: "bye", code: 4001, reason: "shutdown", retry: true, after_ms: [1000, 3000] }, 5);
  assert.deepEqual(of(session.closed(1006, "", 6), "wait"), [{ do: "wait", after_ms: 2000 }]);
});

test("4401 asks for a fresh token first and comes back with it, or is refused without one", () => {
  const { session } = online();
  assert.equal(of(session.closed(4401, "expired", 5), "renew").length, 1);
  assert.equal(of(session.renewed("fresh", 6), "open").length, 1);
  assert.equal(sent(session.opened(7))[0].token, "fresh");
  const other = online().session;
  other.closed(4401, "expired", 5);
  assert.equal(other.renewed(null, 6)[0].status, "refused");
});

test("a renewed token on a live line is announced without a reconnect", () => {
  const { session } = online();
  assert.deepEqual(sent(session.renewed("fresh", 6)).map(({ type, token }) => [type, token]), [["auth.renew", "fresh"]]);
});

test("waits double with full jitter from half a second to twenty, and start small again after a good connection", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => delay_ms(attempt, () => 1));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, LONGEST_MS, LONGEST_MS]);
  assert.equal(delay_ms(3, () => 0), 0);
  const { session } = online({ random: () => 1 });
  assert.deepEqual(of(session.closed(1006, "", SETTLED_MS), "wait"), [{ do: "wait", after_ms: 500 }]);
  session.start(0);
  assert.deepEqual(of(session.closed(1006, "", 1), "wait"), [{ do: "wait", after_ms: 1000 }]);
});

test("losing the right to a channel ends that channel only", () => {
  const session = following([]);
  const effects = session.received({ type: "unsubscribed", channel: "order:7", code: "forbidden" }, 0);
  assert.deepEqual(of(effects, "ended").map(({ channel, code }) => [channel, code]), [["order:7", "forbidden"]]);
  assert.equal(session.phase, "online");
});

test("a channel refused for good is given up, one refused for now is asked for again", () => {
  const { session, welcomed } = online({ channels: ["order:7", "ops"] });
  const [order, ops] = sent(welcomed);
  assert.equal(of(session.received({ type: "error", re: order.id, code: "forbidden", retry: false }, 0), "ended").length, 1);
  const again = session.received({ type: "error", re: ops.id, code: "unavailable", retry: true, after_ms: 700 }, 0);
  assert.deepEqual(again, [{ do: "again", channel: "ops", after_ms: 700 }]);
  assert.equal(sent(session.again("ops"))[0].channel, "ops");
});

test("a quiet line is probed, and given up when nobody answers", () => {
  const session = following([]);
  assert.deepEqual(session.tick(QUIET_MS - 1), []);
  assert.equal(sent(session.tick(QUIET_MS))[0].type, "history");
  assert.deepEqual(session.tick(QUIET_MS + PROBE_MS), [{ do: "close" }]);
  const alive = following([]);
  alive.tick(QUIET_MS);
  alive.received({ type: "history.page", re: 3, items: [] }, QUIET_MS + 1);
  assert.deepEqual(alive.tick(QUIET_MS + PROBE_MS), []);
});

test("every phase can be stopped and stopped stays stopped", () => {
  for (const [phase, moves] of Object.entries(MOVES)) {
    for (const next of Object.values(moves)) assert.ok(next in MOVES, `${phase} leads to ${next}`);
    assert.equal(phase === "stopped" || moves.stop === "stopped", true, phase);
  }
});

test("whatever the order of breaks, doubles and recoveries, a log is shown without gap or double", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = dice(seed);
    const log = [];
    const shown = [];
    const session = new Session({ token: "t", random });
    const show = (effects) => {
      for (const effect of effects) {
        if (effect.do === "begin") shown.push(...effect.items.map((i) => i.offset));
        if (effect.do === "push") shown.push(effect.message.offset);
        if (effect.do === "send" && effect.message.type === "subscribe") answer(effect.message);
      }
    };
    const answer = ({ id, channel, recover }) => {
      const items = log.filter(({ offset }) => offset > (recover?.offset ?? 0) - (random() < 0.3 ? 1 : 0));
      show(session.received({ type: "subscribed", re: id, channel, epoch: "e", offset: log.length, recovered: Boolean(recover), items }, 0));
    };
    const connect = () => {
      session.start(0);
      const [auth] = sent(session.opened(0));
      show(session.received({ type: "welcome", re: auth.id }, 0));
    };
    session.subscribe("order:7");
    connect();
    for (let step = 0; step < 40; step++) {
      const chance = random();
      log.push(item(log.length + 1));
      if (chance < 0.5) show(session.received(log.at(-1), 0));
      else if (chance < 0.6) show(session.received([log.at(-1), log.at(-1)], 0));
      else if (chance < 0.75) {
        session.closed(1006, "", 0);
        connect();
      }
    }
    log.push(item(log.length + 1));
    show(session.received(log.at(-1), 0));
    assert.deepEqual(shown, log.map(({ offset }) => offset), `seed ${seed}`);
  }
});

function dice(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}
