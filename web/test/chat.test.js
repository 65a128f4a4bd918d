/** What a page makes of a room: the conversation, the outbox, the rows, the words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { actionsFor } from "../src/chat/bubble.js";
import { EMPTY, TYPING_MS, begun, blockable, chosen, firstUnread, older, stateOf, told, typists, visible } from "../src/chat/model.js";
import { MOST, MOVES, Outbox } from "../src/chat/outbox.js";
import { lastWords, roomTitle } from "../src/chat/roomlist.js";
import { rowsOf } from "../src/chat/rows.js";
import { Unread } from "../src/chat/unread.js";
import { dayWords, spoken, tooLong, typingWords } from "../src/chat/words.js";
import { roomOf } from "../src/token.js";

const MINUTE_MS = 60_000;
const NOON_MS = new Date(2026, 10, 21, 12).getTime();

const message = (number, more = {}) => ({
  type: "chat.message", channel: "room:r", offset: number, number, message_id: `m${number}`, sender: "ana", sender_role: "customer",
  text: `text ${number}`, ts: NOON_MS + number * 1000, ...more,
});

const opened = (items, state = {}) => begun(EMPTY, { items, state, reset: true });
const texts = (model) => visible(model).map(({ text, deleted }) => (deleted ? null : text));

/** A small generator with a seed, so that a history that fails can be played again. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

/** A log of new messages, edits and deletes; items of one message share its number. */
function history(roll, length) {
  const log = [];
  let number = 0;
  for (let offset = 1; offset <= length; offset++) {
    const before = log[roll(Math.max(1, log.length))];
    const kind = before ? roll(4) : 3;
    if (kind === 0 && !before.deleted) log.push({ ...before, offset, text: `edited at ${offset}`, edited: true });
    else if (kind === 1) log.push({ ...before, offset, text: "", deleted: true });
    else log.push(message(++number, { offset, sender: roll(2) ? "ana" : "bo" }));
  }
  return log;
}

test("a snapshot followed by its pushes equals a later snapshot", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const roll = dice(seed);
    const log = history(roll, 40);
    const cut = roll(41);
    const early = log.slice(cut).reduce((model, item) => told(model, item), opened(log.slice(0, cut)));
    assert.deepEqual(visible(early), visible(opened(log)), `seed ${seed}, cut ${cut}`);
  }
});

test("pages of history in front of a newest page give the whole conversation, edits and all", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const roll = dice(seed);
    const log = history(roll, 60);
    let model = opened(log.slice(-10));
    for (let end = log.length - 10; model.more; end -= 7) {
      const items = log.slice(Math.max(0, end - 7), end);
      assert.equal(model.from, end + 1, `seed ${seed}`);
      model = older(model, { items, more: end > 7 });
    }
    assert.deepEqual(visible(model), visible(opened(log)), `seed ${seed}`);
  }
});

test("an edit of a message that is not loaded waits for its neighbours", () => {
  const model = opened([message(3, { offset: 90, edited: true, text: "late" }), message(40, { offset: 91 }), message(41, { offset: 92 })]);
  assert.deepEqual(visible(model).map(({ number }) => number), [40, 41]);
  assert.equal(model.more, true);
});

test("a reset forgets what was there, a recovery adds to it", () => {
  const model = opened([message(1), message(2)]);
  assert.deepEqual(texts(begun(model, { items: [message(3)], state: {}, reset: false })), ["text 1", "text 2", "text 3"]);
  assert.deepEqual(texts(begun(model, { items: [message(9)], state: {}, reset: true })), ["text 9"]);
});

test("receipts only move forward, and one reader is enough for read", () => {
  const receipt = (user, delivered, read) => ({ type: "chat.receipt", user, delivered, read });
  const model = [receipt("bo", 5, 3), receipt("bo", 2, 1), receipt("cy", 1, 0), receipt("ana", 9, 9)].reduce((left, one) => told(left, one), EMPTY);
  assert.deepEqual([3, 4, 6].map((number) => stateOf(model, number, "ana").state), ["read", "delivered", "sent"]);
  assert.deepEqual(stateOf(model, 3, "ana").by, ["bo"]);
});

test("the line above what is new stands before the first message of somebody else that was not read", () => {
  const log = [message(1, { sender: "bo" }), message(2, { deleted: true }), message(3), message(4)];
  assert.equal(firstUnread(opened(log), "bo"), 3);
  assert.equal(firstUnread(told(opened(log), { type: "chat.receipt", user: "bo", read: 3 }), "bo"), 4);
  assert.equal(firstUnread(opened(log), "ana"), 1);
  assert.equal(firstUnread(told(opened(log), { type: "chat.receipt", user: "bo", read: 4 }), "bo"), null);
});

test("a room that closes or changes its members is told, and a snapshot says the same", () => {
  const room = { is_open: false, members: [{ user: "ana", role: "customer", name: "Ana" }] };
  const pushed = told(EMPTY, { type: "chat.room", channel: "room:r", room });
  const read = opened([], { room });
  assert.deepEqual([pushed.isOpen, pushed.members], [read.isOpen, read.members]);
  assert.deepEqual(pushed.members, { ana: { role: "customer", name: "Ana" } });
});

test("receipts of a snapshot and of pushes agree", () => {
  const state = { receipts: { bo: { type: "chat.receipt", user: "bo", delivered: 2, read: 1 } } };
  assert.deepEqual(opened([], state).receipts, told(EMPTY, state.receipts.bo).receipts);
});

test("counts of unread messages are the server's, and a change is told once", () => {
  let changes = 0;
  const unread = new Unread(() => changes++);
  unread.listed([{ id: "a", unread: 2 }, { id: "b", unread: 1 }]);
  unread.listed([{ id: "a", unread: 2 }, { id: "b", unread: 1 }]);
  unread.told("a", 0);
  unread.told("a", 0);
  assert.deepEqual([changes, unread.of("a"), unread.of("z"), unread.total], [2, 0, 0, 1]);
});

test("a room is called by who is in it, its newest message said in a line", () => {
  const members = [{ user: "v1", role: "vendor", name: "" }, { user: "c1", role: "customer", name: "Ana" }];
  assert.deepEqual([roomTitle({ kind: "shop", members }, "v1"), roomTitle({ kind: "shop", members }, "c1")], ["Ana", "Shop"]);
  assert.equal(roomTitle({ kind: "order", order: "019ab", members }, "c1"), "Order 019ab");
  const lines = [null, { deleted: true, text: "" }, { sender: "c1", text: "hi" }, { sender: "v1", text: "hi" }];
  assert.deepEqual(lines.map((last) => lastWords(last, "c1")), ["No messages yet", "Message deleted", "You: hi", "hi"]);
});

test("typing ends by itself, with its message, or when it is said", () => {
  const typing = (on) => ({ type: "chat.typing", user: "ana", on });
  const model = told(EMPTY, typing(true), 1000);
  assert.deepEqual(typists(model, "bo", 1000 + TYPING_MS - 1), ["ana"]);
  assert.deepEqual(typists(model, "bo", 1000 + TYPING_MS), []);
  assert.deepEqual(typists(model, "ana", 1001), []);
  assert.deepEqual(typists(told(model, message(1)), "bo", 1001), []);
  assert.deepEqual(typists(told(model, typing(false)), "bo", 1001), []);
});

const letter = (client_id, more = {}) => ({ client_id, room: "r", text: client_id, written_ms: NOON_MS, ...more });

test("the outbox sends one letter at a time, in the order written", () => {
  const outbox = new Outbox([letter("b", { written_ms: 2 }), letter("a", { written_ms: 1 })]);
  assert.equal(outbox.take().client_id, "a");
  assert.equal(outbox.take(), null);
  outbox.acked({ client_id: "a", number: 7, ts: 5 });
  assert.equal(outbox.take().client_id, "b");
});

test("a letter keeps its client_id over every loss, and a stored one is never sent again", () => {
  const outbox = new Outbox([letter("a")]);
  for (let i = 0; i < 3; i++) {
    assert.equal(outbox.take().client_id, "a");
    outbox.lost("a");
  }
  outbox.take();
  outbox.seen("a");
  outbox.lost("a");
  assert.deepEqual([outbox.take(), outbox.of("r")], [null, []]);
});

test("a refused letter lets the others pass and waits for its writer", () => {
  const outbox = new Outbox([letter("a", { written_ms: 1 }), letter("b", { written_ms: 2 })]);
  outbox.take();
  outbox.refused("a", "too long");
  assert.equal(outbox.take().client_id, "b");
  outbox.acked({ client_id: "b" });
  assert.deepEqual(outbox.of("r").map(({ state }) => state), ["failed", "sent"]);
  outbox.retry("a");
  assert.equal(outbox.take().client_id, "a");
});

test("the outbox has a bound and takes no letter twice", () => {
  const outbox = new Outbox();
  for (let i = 0; i < MOST; i++) assert.equal(outbox.add(letter(`l${i}`)), true);
  assert.deepEqual([outbox.add(letter("l0")), outbox.add(letter("one more"))], [true, false]);
});

test("whatever happens in whatever order, a letter is in a known state or gone, and one is under way at the most", () => {
  for (let seed = 1; seed <= 80; seed++) {
    const roll = dice(seed);
    const outbox = new Outbox();
    for (let step = 0; step < 60; step++) {
      const id = `l${roll(4)}`;
      const steps = [() => outbox.add(letter(id)), () => outbox.take(), () => outbox.lost(id), () => outbox.refused(id, "no"), () => outbox.retry(id), () => outbox.seen(id), () => outbox.acked({ client_id: id }), () => outbox.drop(id)];
      steps[roll(steps.length)]();
      const states = outbox.of("r").map(({ state }) => state);
      assert.ok(states.every((state) => state in MOVES), `seed ${seed}`);
      assert.ok(states.filter((state) => state === "sending").length <= 1, `seed ${seed}`);
    }
  }
});

const bo = { me: "bo", role: "vendor" };

test("a sent message keeps its place and its key when the log brings it", () => {
  const outbox = new Outbox([letter("c1")]);
  const before = rowsOf(opened([message(1)]), outbox.of("r"), bo);
  const after = rowsOf(opened([message(1), message(2, { sender: "bo", client_id: "c1" })]), outbox.of("r"), bo);
  assert.deepEqual([before, after].map((rows) => rows.map(({ key }) => key)), Array(2).fill([before[0].key, "m1", "c1"]));
  assert.deepEqual([before, after].map((rows) => rows.at(-1).state), ["waiting", "sent"]);
});

test("days and the line above what is new stand between messages", () => {
  const log = [message(1, { ts: NOON_MS - 86_400_000 }), message(2), message(3)];
  const rows = rowsOf(opened(log), [], { ...bo, newFrom: 3 });
  assert.deepEqual(rows.map(({ kind }) => kind), ["day", "message", "day", "message", "new", "message"]);
});

test("messages of one person within minutes stand together", () => {
  const log = [message(1), message(2), message(3, { sender: "bo" }), message(4, { ts: NOON_MS + 9 * MINUTE_MS })];
  const groups = rowsOf(opened(log), [], bo).filter(({ kind }) => kind === "message").map(({ first, last }) => [first, last]);
  assert.deepEqual(groups, [[true, false], [false, true], [true, true], [true, true]]);
});

test("only the newest message of a state says it, and every failed one", () => {
  const mine = (number) => message(number, { sender: "bo" });
  const model = told(opened([mine(1), mine(2), mine(3)]), { type: "chat.receipt", user: "ana", read: 2, delivered: 2 });
  const failed = [letter("x"), letter("y")].map((one) => ({ ...one, state: "failed" }));
  const rows = rowsOf(model, failed, bo).filter(({ kind }) => kind === "message");
  assert.deepEqual(rows.map(({ state, tell }) => [state, tell]), [["read", false], ["read", true], ["sent", true], ["failed", true], ["failed", true]]);
});

test("a deleted message shows nothing of what it said, nor does an answer to it", () => {
  const log = [message(1, { deleted: true, text: "secret" }), message(2, { reply_to: "m1" })];
  const rows = rowsOf(opened(log), [], bo).filter(({ kind }) => kind === "message");
  assert.deepEqual([rows[0].text, rows[1].reply], [null, { sender: "ana", text: null }]);
});

test("what may be done with a message follows from whose it is and how it stands", () => {
  const write = { write: true };
  assert.deepEqual(actionsFor({ mine: true, state: "read", message_id: "m" }, write), ["reply", "edit", "remove"]);
  assert.deepEqual(actionsFor({ mine: false, message_id: "m" }, write), ["reply", "report"]);
  assert.deepEqual(actionsFor({ mine: true, state: "failed" }, write), ["retry", "drop"]);
  assert.deepEqual(actionsFor({ mine: true, state: "sent", message_id: "m", deleted: true }, write), []);
  assert.deepEqual(actionsFor({ mine: false, message_id: "m" }, { write: false }), ["report"]);
});

test("days, typing and lengths read as a person would say them", () => {
  assert.deepEqual([0, 1, 2, 30].map((days) => dayWords(NOON_MS - days * 86_400_000, NOON_MS, "en-GB")), ["Today", "Yesterday", "Thursday", "22 October"]);
  assert.deepEqual([[], ["Shop"], ["Shop", "Rider"]].map(typingWords), ["", "Shop is typing…", "Shop and Rider are typing…"]);
  assert.deepEqual([tooLong("😀".repeat(4000)), tooLong("a".repeat(4001))], [null, "1 character too long"]);
  const said = spoken({ mine: true, text: "hi", ts: NOON_MS, state: "read", attachments: [] });
  assert.match(said, /^You, .*, hi, Read$/);
});

test("a room is read from the path and from nowhere else", () => {
  assert.deepEqual(["/chat/vendor_1_customer_2", "/chat/a%20b/", "/chat", "/chat/a/b"].map(roomOf), ["vendor_1_customer_2", "a b", null, null]);
});

test("one's own choices in a room outlive what is pushed to all members", () => {
  const members = [{ user: "ana", role: "customer" }, { user: "bo", role: "vendor" }];
  const room = { kind: "shop", members, is_open: true };
  const model = chosen(opened([], { room: { ...room, muted: false, blocked_by_me: [] } }), { muted: true, blocked: ["bo"] });
  const later = told(model, { type: "chat.room", room });
  assert.deepEqual([later.muted, later.blocked, blockable(later, "ana")], [true, ["bo"], "bo"]);
  assert.equal(blockable(told(model, { type: "chat.room", room: { ...room, kind: "order" } }), "ana"), null);
});

test("the service's own words are never the first that is new", () => {
  const items = [message(1, { sender: "system", sender_role: "system" }), message(2, { sender: "bo", sender_role: "vendor" })];
  assert.equal(firstUnread(opened(items), "ana"), 2);
  assert.equal(firstUnread(opened(items.slice(0, 1)), "ana"), null);
});
