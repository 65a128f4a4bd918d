/**
 * What a page knows of one room, out of the channel's snapshot, its pushes and pages of history. Pure: state in, state
 * out. A snapshot followed by its pushes gives the same as a later snapshot; the newest version of a message wins, in
 * whatever order the versions come.
 */

/** A typing sign lives this long without a fresh one. */
export const TYPING_MS = 6_000;

export const EMPTY = {
  messages: {}, names: {}, receipts: {}, members: {}, typing: {}, presence: {},
  from: null, more: false, isOpen: true, number: 0, quick: [], kind: null, muted: false, blocked: [],
};

function withMessage(model, item) {
  const { channel, type, ...told } = item;
  const known = model.messages[item.number] ?? told;
  const [elder, newer] = known.offset > told.offset ? [told, known] : [known, told];
  const message = { ...elder, ...newer, ts: elder.ts };
  return {
    ...model,
    messages: { ...model.messages, [item.number]: message },
    names: item.sender_name ? { ...model.names, [item.sender]: item.sender_name } : model.names,
    number: Math.max(model.number, item.number),
    from: model.from === null ? item.offset : Math.min(model.from, item.offset),
  };
}

/** Receipts only ever move forward. */
function withReceipt(model, { user, delivered = 0, read = 0 }) {
  const known = model.receipts[user] ?? { delivered: 0, read: 0 };
  const now = { delivered: Math.max(known.delivered, delivered, read), read: Math.max(known.read, read) };
  return { ...model, receipts: { ...model.receipts, [user]: now } };
}

function withTyping(model, user, until_ms) {
  const { [user]: _, ...others } = model.typing;
  return { ...model, typing: until_ms === null ? others : { ...others, [user]: until_ms } };
}

/** What is pushed to all has nothing that is one member's own: whom they blocked, whether they muted the room. */
function withRoom(model, { members = [], is_open = true, kind = model.kind, muted = model.muted, blocked_by_me = model.blocked }) {
  return { ...model, kind, muted, blocked: blocked_by_me, isOpen: is_open, members: Object.fromEntries(members.map(({ user, role, name }) => [user, { role, name }])) };
}

/** This member's own choices, after they were made. */
export const chosen = (model, choices) => ({ ...model, ...choices });

/** Whom this member may block: the other one in a shop's room; null elsewhere. */
export function blockable(model, me) {
  const others = Object.keys(model.members).filter((user) => user !== me);
  return model.kind === "shop" && others.length === 1 ? others[0] : null;
}

/** Take one message of the room's channel, pushed or out of a snapshot. */
export function told(model, message, now_ms = 0) {
  switch (message.type) {
    case "chat.message":
      return withTyping(withMessage(model, message), message.sender, null);
    case "chat.receipt":
      return withReceipt(model, message);
    case "chat.typing":
      return withTyping(model, message.user, message.on ? now_ms + TYPING_MS : null);
    case "chat.room":
      return withRoom(model, message.room);
    case "presence":
      return { ...model, presence: { ...model.presence, [message.user]: { state: message.state, last_seen: message.last_seen ?? null } } };
    default:
      return model;
  }
}

/** Somebody's name and role, as far as members and messages tell: {name?, role?}. */
export function person(model, user, role = null) {
  const member = model.members[user] ?? { role };
  return { ...member, name: member.name || model.names[user] || "" };
}

/** Who is typing now, without `me`. */
export function typists(model, me, now_ms) {
  return Object.keys(model.typing).filter((user) => user !== me && model.typing[user] > now_ms);
}

/** Start from a `subscribed` answer: the log's items and the current values, neither of which undoes the other. */
export function begun(model, { items, state, reset }) {
  const start = reset ? { ...EMPTY, more: (items[0]?.offset ?? 1) > 1 } : { ...model, typing: {} };
  const known = withRoom({ ...start, quick: state.quick_replies ?? [] }, state.room ?? {});
  const values = [...Object.values(state.receipts ?? {}), ...Object.values(state.presence ?? {})];
  return [...items, ...values].reduce((left, message) => told(left, message), known);
}

/** Take a page of history that ends where what we have begins. */
export function older(model, { items, more }) {
  const next = items.reduce((left, item) => (item.type === "chat.message" ? withMessage(left, item) : left), model);
  const from = Math.min(...items.map(({ offset }) => offset), next.from ?? Infinity);
  return { ...next, from: Number.isFinite(from) ? from : null, more: more && items.length > 0 };
}

/**
 * The messages to show, ascending: from the newest back to the first one missing. An edit of a message far above what
 * was loaded is known before its neighbours are; it waits for them.
 */
export function visible(model) {
  const shown = [];
  for (let number = model.number; model.messages[number]; number--) shown.push(model.messages[number]);
  return shown.reverse();
}

/** The number of the first message of another person that `me` has not read; null for none. */
export function firstUnread(model, me) {
  const read = model.receipts[me]?.read ?? 0;
  return visible(model).find(({ number, sender, sender_role, deleted }) => number > read && sender !== me && sender_role !== "system" && !deleted)?.number ?? null;
}

/** "sent", "delivered" or "read" for a message of `me`, and by whom: one other member is enough. */
export function stateOf(model, number, me) {
  const others = Object.entries(model.receipts).filter(([user]) => user !== me);
  const by = (what) => others.filter(([, upto]) => upto[what] >= number).map(([user]) => user);
  const [read, delivered] = [by("read"), by("delivered")];
  if (read.length) return { state: "read", by: read };
  return delivered.length ? { state: "delivered", by: delivered } : { state: "sent", by: [] };
}
