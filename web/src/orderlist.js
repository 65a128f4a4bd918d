/** A list of orders with the steps their reader may take; shared by the vendor's and the rider's page. */

import { el } from "./dom.js";
import { STATUS_WORDS, clock, shortId } from "./words.js";

export const STEP_WORDS = {
  accepted: "Accept", preparing: "Start preparing", ready: "Ready", picked_up: "Picked up",
  arriving: "Arriving", delivered: "Delivered", cancelled: "Cancel",
};

/** The steps of `order.next` that `mine` allows, the one that goes on first and cancelling last. Pure. */
export function stepsFor(order, mine) {
  const open = (order.next ?? []).filter((status) => mine.has(status));
  return [...open.filter((status) => status !== "cancelled"), ...open.filter((status) => status === "cancelled")];
}

/** "2 × Mango, Bread" out of whatever items an integrator gave. Pure. */
export function itemsWords(items) {
  const words = (items ?? []).map(({ name, title, quantity }) => {
    const what = String(name ?? title ?? "item");
    return quantity > 1 ? `${quantity} × ${what}` : what;
  });
  return words.join(", ");
}

const spotWords = ({ address, lat, lng }) => address ?? `${lat.toFixed(5)}, ${lng.toFixed(5)}`;

function routeLink(spot) {
  return el("a", { href: `geo:${spot.lat},${spot.lng}?q=${spot.lat},${spot.lng}` }, spotWords(spot));
}

function talkButton(order, { talk, roomOf, unread }) {
  const room = roomOf(order);
  const count = unread(room);
  return el("button", { type: "button", "data-talk": room, onclick: () => talk(room) },
    "Messages", count ? el("span", { class: "unread", "aria-label": `${count} unread` }, String(count)) : null);
}

/**
 * One order as a card. `act` holds step(order, status); for who looks after a rider, follow(order); for who may write to
 * the others, roomOf(order), talk(room) and unread(room).
 */
export function orderCard(order, mine, act) {
  const buttons = stepsFor(order, mine).map((status, i) => el(
    "button", { type: "button", class: i === 0 && status !== "cancelled" ? "primary" : null, "data-step": status, onclick: () => act.step(order, status) },
    STEP_WORDS[status],
  ));
  const rider = act.follow && order.rider_id;
  if (rider) buttons.push(el("button", { type: "button", "data-follow": true, onclick: () => act.follow(order) }, "Map"));
  if (act.talk) buttons.push(talkButton(order, act));
  return el("li", { class: "order", "data-order": order.id, "data-status": order.status, "data-rev": order.rev },
    el("header", {}, el("h3", { title: order.id }, shortId(order.id)), el("span", { class: "badge" }, STATUS_WORDS[order.status])),
    el("p", { class: "items" }, itemsWords(order.items)),
    el("dl", {},
      el("dt", {}, "Placed"), el("dd", {}, clock(Date.parse(order.created_at))),
      el("dt", {}, "From"), el("dd", {}, routeLink(order.pickup)),
      el("dt", {}, "To"), el("dd", {}, routeLink(order.dropoff)),
      rider ? el("dt", {}, "Rider") : null, rider ? el("dd", {}, rider) : null),
    buttons.length ? el("footer", {}, ...buttons) : null);
}

/** Replace the list's cards, keeping the focus where it was. */
export function fillOrders(list, orders, mine, act, empty) {
  const key = JSON.stringify(orders.map((order) => [order.id, order.rev, act.talk ? act.unread(act.roomOf(order)) : 0]));
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  const focused = document.activeElement?.closest("[data-order]")?.dataset.order;
  list.replaceChildren(...orders.map((order) => orderCard(order, mine, act)));
  if (orders.length === 0) list.append(el("li", { class: "empty" }, empty));
  if (focused) list.querySelector(`[data-order="${CSS.escape(focused)}"] button`)?.focus();
}
