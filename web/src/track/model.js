/**
 * What the customer's page knows of one order, out of the channel's snapshot and pushes. Pure: state in, state out.
 * A snapshot followed by its pushes gives the same as a later snapshot.
 */

import { OVER, STEPS } from "../words.js";

export const EMPTY = { id: null, status: null, times: {}, pickup: null, dropoff: null, fix: null, eta: null, note: null };

const order_of = Object.fromEntries(STEPS.map(([status], i) => [status, i]));

function withOrder(model, order) {
  const times = { ...model.times };
  for (const { status, timestamp } of order.tracking_events ?? []) times[status] ??= Date.parse(timestamp);
  return {
    ...model, times,
    id: order.order ?? order.id ?? model.id,
    status: order.status ?? model.status,
    pickup: order.pickup ?? model.pickup,
    dropoff: order.dropoff ?? model.dropoff,
  };
}

/** Take one message of the channel, pushed or out of a snapshot. */
export function told(model, message) {
  if (message.type === "order") {
    const times = { [message.status]: message.ts, ...model.times };
    const next = { ...withOrder({ ...model, times }, message), note: message.note ?? null };
    return OVER.has(next.status) ? { ...next, fix: null, eta: null } : next;
  }
  if (message.type === "position") return OVER.has(model.status) ? model : { ...model, fix: message };
  if (message.type === "left") return { ...model, fix: null };
  if (message.type === "eta") return { ...model, eta: message };
  return model;
}

/** Start from a `subscribed` answer: the log's items first, then the current values, which are newer. */
export function begun(model, { items, state, reset }) {
  let next = reset ? { ...EMPTY, id: model.id } : model;
  for (const item of items) next = told(next, item);
  if (state.status) next = withOrder(next, state);
  next = { ...next, fix: null, eta: null };
  if (state.position) next = told(next, { ...state.position, type: "position" });
  if (state.eta) next = told(next, { ...state.eta, type: "eta" });
  return next;
}

/** The timeline: [{status, label, phase: "done" | "now" | "next", at}] for an order that was not cancelled. */
export function timeline(model) {
  const reached = order_of[model.status] ?? -1;
  return STEPS.map(([status, label], i) => ({
    status, label, at: model.times[status] ?? null,
    phase: i < reached || model.status === "delivered" ? "done" : i === reached ? "now" : "next",
  }));
}
