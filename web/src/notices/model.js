/** What this page knows of its person's notifications. Pure: nothing here draws, asks or reads a clock. */

import { PAGES } from "../signin/form.js";
import { fragment } from "../token.js";

const MOST = 50;

export const EMPTY = { unread: 0, items: [] };

/** The server's count: absolute. */
export const counted = (model, { unread }) => ({ ...model, unread });

/** A list from the server takes the place of what was known. */
export const listed = (model, { items, unread }) => ({ ...model, items, unread });

/** A notification came; known ones are replaced by themselves. */
export function told(model, item) {
  const others = model.items.filter(({ notification_id }) => notification_id !== item.notification_id);
  return { ...model, items: [{ ...item, unread: true }, ...others].slice(0, MOST) };
}

/** These were read or dismissed, here or on another device. */
export function cleared(model, ids) {
  const gone = new Set(ids);
  return { ...model, items: model.items.map((item) => (gone.has(item.notification_id) ? { ...item, unread: false } : item)) };
}

/** One entry for each subject, the newest, with the ids of all of them: what is newer says what was to be said. */
export function grouped(items) {
  const groups = new Map();
  for (const item of items) {
    const name = item.collapse ?? item.notification_id;
    const group = groups.get(name);
    if (group) group.ids.push(item.notification_id);
    else groups.set(name, { ...item, ids: [item.notification_id] });
    if (item.unread) groups.get(name).unread = true;
  }
  return [...groups.values()];
}

/** Which of the items that were missed are still worth showing: the newest of each subject that has not expired. */
export function worthShowing(items, now_ms) {
  const newest = new Map();
  for (const item of items) newest.set(item.collapse ?? item.notification_id, item);
  return [...newest.values()].filter(({ expires }) => expires > now_ms);
}

/**
 * Where a notification leads on this site: to its room, its order on the customer's map, else the page on which its role
 * works; or null. What may be seen there is the server's to say. `link_of` in notifications/ways/letter.py is the same.
 */
export function linkOf({ data = {} }, role) {
  if (data.room) return `/chat/${encodeURIComponent(data.room)}`;
  if (data.order && role === "customer") return `/track#order=${encodeURIComponent(data.order)}`;
  return data.order || data.product ? (PAGES[role] ?? null) : null;
}

/** Whether a page at this address shows what the link leads to; a token that came with the address changes nothing. */
export function isAt(address, link) {
  const [here, there] = [new URL(address), new URL(link, address)];
  return here.pathname === there.pathname && fragment(here.hash).order === fragment(there.hash).order;
}

export const bellWords = (unread) => (unread === 0 ? "Notifications, none unread" : `Notifications, ${unread} unread`);
