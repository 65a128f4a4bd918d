/** Keeps rider and door in view until somebody moves the map by hand; a button gives the view back. */

import { boundsOf } from "../geo.js";
import { find, show } from "../dom.js";

/** A rider this near to the edge of the free part of the map moves the view. */
const MARGIN_PX = 30;

export class Follow {
  #map;
  #byHand = false;
  #fitted = "";
  #hasLooked = false;

  constructor(map) {
    this.#map = map;
    this.button = find("#recentre");
    map.onMoved((byHand) => byHand && this.#hold(true));
    this.button.addEventListener("click", () => {
      this.#hold(false);
      this.#fitted = "";
      this.look(this.last ?? []);
    });
  }

  /**
   * Show these places, the first of them being the one that moves. The first time the view jumps there: a flight from the
   * whole world asks for a dozen pieces of the map on its way and draws each, and takes seconds without a graphics card.
   */
  look(places) {
    this.last = places;
    if (this.#byHand || places.length === 0) return;
    const key = String(places.length);
    if (key === this.#fitted && this.#inView(places[0])) return;
    this.#fitted = key;
    this.#map.fit(boundsOf(places), this.#padding(), !this.#hasLooked);
    this.#hasLooked = true;
  }

  #hold(byHand) {
    this.#byHand = byHand;
    show(this.button, byHand);
  }

  #padding() {
    const sheet = find("#sheet").getBoundingClientRect();
    const beside = sheet.width < innerWidth * 0.8;
    const talk = beside ? find(".chat-drawer[open]")?.getBoundingClientRect().width ?? 0 : 0;
    return { top: 70, right: 60 + talk, bottom: beside ? 60 : 80, left: beside ? sheet.right + 40 : 50 };
  }

  #inView(place) {
    const { x, y } = this.#map.pixel(place);
    const { top, right, bottom, left } = this.#padding();
    const box = find("#map").getBoundingClientRect();
    return x > left - MARGIN_PX && x < box.width - right + MARGIN_PX && y > top - MARGIN_PX && y < box.height - bottom + MARGIN_PX;
  }
}
