/** The rows of a conversation: days, the line above what is new, messages, and what is still on its way. Pure. */

import { stateOf, visible } from "./model.js";

/** Messages of one person within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

const dayOf = (ts) => new Date(ts).toDateString();

/** What is said of a message that another one answers. */
function quoted(model, id) {
  if (!id) return null;
  const found = Object.values(model.messages).find(({ message_id }) => message_id === id);
  return found ? { sender: found.sender, text: found.deleted ? null : found.text } : { sender: null, text: null };
}

function stored(model, message, me) {
  const { number, message_id, client_id, sender, sender_role, text, ts } = message;
  const mine = sender === me;
  return {
    kind: sender_role === "system" ? "system" : "message",
    key: (mine && client_id) || message_id, number, message_id, client_id: mine ? client_id : undefined, sender, role: sender_role, mine, ts,
    text: message.deleted ? null : text, edited: Boolean(message.edited), deleted: Boolean(message.deleted),
    reply: quoted(model, message.reply_to), attachments: message.deleted ? [] : message.attachments ?? [],
    ...(mine ? stateOf(model, number, me) : { state: null, by: [] }),
  };
}

/** What is still on its way. Behind another one on a good connection it is as good as being sent. */
function unsent(model, letter, { me, role, isOnline }) {
  const state = letter.state === "waiting" && isOnline ? "sending" : letter.state;
  return {
    kind: "message", key: letter.client_id, number: letter.number ?? null, message_id: null, client_id: letter.client_id,
    sender: me, role, mine: true, ts: letter.ts ?? letter.written_ms, text: letter.text, edited: false, deleted: false,
    reply: quoted(model, letter.reply_to), attachments: letter.pictures ?? [], state, by: [], reason: letter.reason,
  };
}

/** Put days between, the line above what is new, and say which messages stand together. */
function arranged(messages, newFrom) {
  const rows = [];
  let before = null;
  messages.forEach((row, i) => {
    const after = messages[i + 1];
    if (!before || dayOf(before.ts) !== dayOf(row.ts)) rows.push({ kind: "day", key: `day ${dayOf(row.ts)}`, ts: row.ts });
    if (newFrom !== null && row.number === newFrom) rows.push({ kind: "new", key: "new" });
    const divided = rows.length > 0 && rows.at(-1).kind !== "message";
    rows.push({ ...row, first: divided || !together(before, row), last: !after || after.number === newFrom || !together(row, after) });
    before = row;
  });
  return rows;
}

function together(a, b) {
  return Boolean(a && b) && a.kind === b.kind && a.sender === b.sender && b.ts - a.ts < TOGETHER_MS && dayOf(a.ts) === dayOf(b.ts);
}

/** The newest message of each state says its state in words; what waits or failed always does. */
function worded(rows) {
  const said = new Set();
  for (const row of [...rows].reverse()) {
    if (row.kind !== "message" || !row.mine || row.deleted) continue;
    row.tell = row.state === "failed" || row.state === "waiting" || !said.has(row.state);
    said.add(row.state);
  }
  return rows;
}

/**
 * All rows, oldest first. `letters` are the outbox's for this room; `newFrom` is the number of the first message that
 * was unread when the conversation was opened, null for none.
 */
export function rowsOf(model, letters, { me, role, newFrom = null, isOnline = false }) {
  const messages = visible(model).map((message) => stored(model, message, me));
  const arrived = new Set(messages.map(({ client_id }) => client_id));
  const underway = letters.filter(({ client_id }) => !arrived.has(client_id)).map((letter) => unsent(model, letter, { me, role, isOnline }));
  return worded(arranged([...messages, ...underway], newFrom));
}
