/** Offers as cards with two buttons and the seconds that are left. */

import { el, find, say } from "../dom.js";
import { distance_words, shortId } from "../words.js";
import { left_words } from "./offers.js";

const placeWords = ({ address, lat, lng }) => address ?? `${lat.toFixed(3)}, ${lng.toFixed(3)}`;

function card({ order, number, pickup, dropoff, distance_m }, act) {
  const button = (verb, words, primary) => el(
    "button", { type: "button", class: primary ? "primary" : null, "data-answer": verb, onclick: () => act(order, number, verb) }, words,
  );
  return el("li", { class: "order offer", "data-offer": order, "data-number": number },
    el("header", {}, el("h3", { title: order }, `New order ${shortId(order)}`), el("span", { class: "badge", "data-left": true })),
    el("dl", {},
      el("dt", {}, "From"), el("dd", {}, `${placeWords(pickup)}${distance_m === undefined ? "" : `, ${distance_words(distance_m)} away`}`),
      el("dt", {}, "To about"), el("dd", {}, placeWords(dropoff))),
    el("footer", {}, button("accept", "Accept", true), button("decline", "Decline", false)));
}

/** Show these offers; cards stay as they are while only time passes. `act(order, number, verb)` answers one. */
export function fillOffers(list, offers, now_ms, act) {
  const key = JSON.stringify(offers.map(({ order, number }) => [order, number]));
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...offers.map((offer) => card(offer, act)));
  }
  for (const { order, expires } of offers) say(find(`[data-offer="${CSS.escape(order)}"] [data-left]`, list), left_words(expires, now_ms));
}
