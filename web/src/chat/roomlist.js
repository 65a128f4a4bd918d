/** The rooms somebody is in, last active first, with their newest words and how many are not read. */

import { el, find } from "../dom.js";
import { clock, shortId } from "../words.js";
import { memberWords } from "./words.js";

/** What a room is called: by the people in it, an order's room by its order as well. Pure. */
export function roomTitle({ kind, order, members }, me, names = {}) {
  const others = members.filter(({ user }) => user !== me).map((member) => memberWords({ ...member, name: member.name || names[member.user] }));
  if (kind === "support") return others.length > 1 ? "Support" : `Support, ${others.join("")}`;
  return kind === "order" ? `Order ${shortId(order)}` : others.join(", ");
}

/** The newest message in a line. Pure. */
export function lastWords(last, me) {
  if (!last) return "No messages yet";
  if (last.deleted) return "Message deleted";
  return `${last.sender === me ? "You: " : ""}${last.text || "Picture"}`;
}

function row(room, { me, names, chosen, unread, choose }) {
  const open = (event) => {
    event.preventDefault();
    choose(room.id);
  };
  return el("li", {}, el("a", { class: "room", href: `/chat/${encodeURIComponent(room.id)}`, "data-go": room.id, "aria-current": room.id === chosen ? "page" : null, onclick: open },
    el("span", {}, el("b", { dir: "auto" }, roomTitle(room, me, names)), el("small", { dir: "auto" }, lastWords(room.last, me))),
    el("span", { class: "room-side" }, room.last ? el("time", {}, clock(room.last.ts)) : null,
      unread ? el("span", { class: "unread", "aria-label": `${unread} unread` }, String(unread)) : null)));
}

/** Fill the list; `options`: {me, names (user → name, as messages tell), chosen, unreadOf(room), choose(room)}. */
export function fillRooms(rooms, { unreadOf, ...options }) {
  const list = find("#rooms");
  const focused = document.activeElement?.closest("[data-go]")?.dataset.go;
  list.replaceChildren(...rooms.map((room) => row(room, { ...options, unread: unreadOf(room.id) })));
  if (rooms.length === 0) list.append(el("li", { class: "empty" }, "No conversations yet."));
  if (focused) list.querySelector(`[data-go="${CSS.escape(focused)}"]`)?.focus();
}
