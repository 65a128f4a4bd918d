/** The operations log in words: one sentence per item of the `ops` channel. Pure. */

import { STATUS_WORDS, clock } from "../words.js";

const FENCE_WORDS = { enter: "entered", exit: "left", dwell: "stays in", cross: "crossed", speeding: "is too fast in", off_route: "left the route", back_on_route: "is back on the route" };

const OFFER_WORDS = { open: "offered to", accepted: "accepted by", declined: "declined by", expired: "not answered by", withdrawn: "no longer offered to" };

const SENTENCES = {
  order: ({ order, status, rider, by }) => `${order}: ${(STATUS_WORDS[status] ?? status).toLowerCase()}${rider ? `, rider ${rider}` : ""}${by ? ` (by ${by})` : ""}`,
  geofence: ({ rider, kind, fence, name, order, late }) => `${rider} ${FENCE_WORDS[kind] ?? kind} ${fence.startsWith("route:") ? `with ${order}` : name || fence}${late ? ", told late" : ""}`,
  offer: ({ order, rider, state }) => `${order}: ${rider ? `${OFFER_WORDS[state] ?? state} ${rider}` : "nobody is left to be asked"}`,
  silent: ({ rider, order, since }) => `${rider} silent since ${clock(since)}${order ? `, carrying ${order}` : ""}`,
};

export function sentence(item) {
  const words = SENTENCES[item.type];
  if (words) return words(item);
  return [item.type, item.rider, item.order].filter(Boolean).join(" ");
}
