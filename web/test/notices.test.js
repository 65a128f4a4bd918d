import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, bellWords, cleared, counted, grouped, isAt, linkOf, listed, told, worthShowing } from "../src/notices/model.js";
import { keyBytes } from "../src/notices/push.js";

const item = (id, more = {}) => ({ notification_id: id, title: id, collapse: null, expires: 100, ts: 1, ...more });

test("a notification is known once, newest first", () => {
  const model = told(told(told(EMPTY, item("a")), item("b")), item("a", { title: "again" }));
  assert.deepEqual(model.items.map(({ title, unread }) => [title, unread]), [["again", true], ["b", true]]);
});

test("the number is the server's and never added up here", () => {
  const model = told(counted(told(EMPTY, item("a")), { unread: 7 }), item("b"));
  assert.equal(model.unread, 7);
  assert.equal(listed(model, { items: [], unread: 2 }).unread, 2);
});

test("what was read elsewhere is read here", () => {
  const model = cleared(told(told(EMPTY, item("a")), item("b")), ["a", "unknown"]);
  assert.deepEqual(model.items.map(({ notification_id, unread }) => [notification_id, unread]), [["b", true], ["a", false]]);
});

test("a subject is one entry that stands for all of its notifications", () => {
  const entries = grouped([item("c", { collapse: "order:1" }), item("b"), item("a", { collapse: "order:1", unread: true })]);
  assert.deepEqual(entries.map(({ notification_id, ids, unread }) => [notification_id, ids, Boolean(unread)]), [["c", ["c", "a"], true], ["b", ["b"], false]]);
});

test("of what was missed the newest of a subject is shown, unless it has expired", () => {
  const missed = [item("arriving", { collapse: "order:1" }), item("old", { expires: 5 }), item("delivered", { collapse: "order:1" })];
  assert.deepEqual(worthShowing(missed, 10).map(({ notification_id }) => notification_id), ["delivered"]);
});

test("a notification leads to its room, its order, or the page of its role", () => {
  assert.equal(linkOf({ data: { room: "order_1" } }, "vendor"), "/chat/order_1");
  assert.equal(linkOf({ data: { order: "o/1" } }, "customer"), "/track#order=o%2F1");
  assert.equal(linkOf({ data: { order: "o1" } }, "rider"), "/ride");
  assert.equal(linkOf({ data: { product: "p1" } }, "vendor"), "/vendor");
  assert.equal(linkOf({ data: { order: "o1" } }, "dispatcher"), "/dispatch");
  assert.equal(linkOf({ data: {} }, "vendor"), null);
  assert.equal(linkOf({ data: { order: "o1" } }, undefined), null);
});

test("an open page shows what a link leads to, whatever token it came with", () => {
  assert.ok(isAt("https://a.example/track#token=t&order=o1", "/track#order=o1"));
  assert.ok(isAt("https://a.example/ride?map=plain#token=t", "/ride"));
  assert.ok(!isAt("https://a.example/track#order=o2", "/track#order=o1"));
  assert.ok(!isAt("https://a.example/track/share", "/track#order=o1"));
});

test("the bell says its number in words", () => {
  assert.equal(bellWords(0), "Notifications, none unread");
  assert.equal(bellWords(3), "Notifications, 3 unread");
});

test("a key is read as bytes", () => {
  assert.deepEqual([...keyBytes("_-8A")], [255, 239, 0]);
});
