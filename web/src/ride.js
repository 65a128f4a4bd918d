/** The rider's page: shares the phone's position without losing a point, and shows the orders to carry. */

import { Talk } from "./chat/talk.js";
import { find, say, show, showConnection } from "./dom.js";
import { Notices } from "./notices/notices.js";
import { OrderBook } from "./orderbook.js";
import { fillOrders } from "./orderlist.js";
import { Rest } from "./rest.js";
import { fillOffers } from "./ride/offercard.js";
import { Offers } from "./ride/offers.js";
import { Outbox } from "./ride/outbox.js";
import { Pace } from "./ride/pace.js";
import { PositionWatch } from "./ride/position.js";
import { Shelf } from "./ride/shelf.js";
import { Uplink } from "./ride/uplink.js";
import { Ridewire } from "./ridewire.js";
import { renewal, tokenFor } from "./signin/session.js";
import { claims } from "./token.js";
import { ago } from "./words.js";

const MINE = new Set(["picked_up", "arriving", "delivered"]);
const LOOK_MS = 1_000;
const ORDERS_MS = 15_000;
const WHY_WORDS = { watched: "somebody watches", near_stop: "near a stop", nobody: "nobody watches", parked: "parked", battery: "low battery" };

class RidePage {
  #pace = new Pace();
  #last = null;
  #followed = new Set();
  #offers = new Offers();

  async start() {
    const token = await tokenFor("ride");
    if (!token) return show(find("#signin"), true);
    const { sub, name } = claims(token);
    say(find("#who"), name || sub || "");
    navigator.locks.request(`ridewire.ride.${sub}`, { ifAvailable: true }, async (lock) => {
      if (!lock) return show(find("#elsewhere"), true);
      await this.#run(token, sub);
      return new Promise(() => {});
    });
  }

  async #run(token, rider) {
    const shelf = await Shelf.open(rider);
    this.outbox = new Outbox({ points: await shelf.points(), nextSeq: shelf.nextSeq });
    this.talk = new Talk(token);
    this.rest = new Rest(token);
    this.wire = new Ridewire({
      token, client: shelf.client, renew: renewal(token, this.rest, this.talk.rest),
      onStatus: ({ status }) => this.#status(status),
      onWelcome: () => this.#welcomed(),
    });
    this.uplink = new Uplink({ wire: this.wire, outbox: this.outbox, shelf, pace: this.#pace, changed: () => this.#show() });
    this.watch = new PositionWatch({ pace: this.#pace, onFix: (fix) => this.#fix(fix), onTrouble: (words) => say(find("#trouble"), words ?? "") });
    this.wire.subscribe(`rider:${rider}`, {
      begin: ({ items, reset }) => this.#offered(items, reset),
      push: (item) => item.type === "offer" && this.#offered([item], false),
    });
    this.book = new OrderBook(this.rest, () => this.#orders(), (words) => say(find("#problem"), words));
    find("#share").addEventListener("click", () => this.#toggle());
    setInterval(() => this.#show(), LOOK_MS);
    setInterval(() => document.visibilityState === "visible" && this.book.refresh(), ORDERS_MS);
    this.talk.start(this.wire, () => this.#orders());
    Notices.start({ wire: this.wire, token, own: ["order.offered"] });
    this.wire.start();
    this.#show();
    show(find("#main"), true);
  }

  #status(status) {
    showConnection(find("#connection"), status);
    this.talk.status(status);
  }

  #welcomed() {
    this.talk.welcomed();
    this.uplink.flush();
    this.book.refresh();
  }

  #toggle() {
    if (this.watch.running) this.watch.stop();
    else this.watch.start();
    this.#show();
  }

  #fix(fix) {
    this.#last = fix;
    this.uplink.keep(fix);
  }

  #show() {
    const { acked, queued, dropped } = this.outbox;
    const counts = find("#counts");
    Object.assign(counts.dataset, { acked, queued, dropped, interval: this.#pace.interval_ms });
    say(find("[data-acked]", counts), String(acked));
    say(find("[data-queued]", counts), String(queued));
    say(find("[data-interval]", counts), `${this.#pace.interval_ms / 1000} s`);
    say(find("#why"), this.#pace.why ? `Pace: ${WHY_WORDS[this.#pace.why] ?? this.#pace.why.replaceAll("_", " ")}` : "");
    const button = find("#share");
    say(button, this.watch.running ? "Stop sharing" : "Share my position");
    button.setAttribute("aria-pressed", this.watch.running);
    say(find("#last"), this.#lastWords());
    this.#showOffers();
  }

  #offered(items, reset) {
    if (reset) this.#offers.begin(items);
    else for (const item of items) if (item.type === "offer") this.#offers.told(item);
    this.#showOffers();
  }

  #showOffers() {
    const open = this.#offers.list(Date.now());
    show(find("#asked"), open.length > 0);
    fillOffers(find("#offers"), open, Date.now(), (order, number, verb) => this.#answer(order, number, verb));
  }

  async #answer(order, number, verb) {
    say(find("#problem"), "");
    this.#offers.answered(order);
    this.#showOffers();
    try {
      await this.rest.post(`orders/${encodeURIComponent(order)}/offer/${verb}`, { number });
      if (verb === "accept") await this.book.refresh();
    } catch (problem) {
      say(find("#problem"), problem.message);
    }
  }

  #lastWords() {
    if (!this.watch.running) return "Your position is not shared.";
    if (!this.#last) return "Waiting for the phone's position…";
    const accuracy = this.#last.accuracy ? ` ± ${Math.round(this.#last.accuracy)} m` : "";
    return `Last position ${ago(Date.now() - this.#last.ts)}${accuracy}`;
  }

  #orders() {
    const open = this.book.open();
    for (const { id } of open) this.#follow(id);
    const act = {
      step: (order, status) => this.book.step(order, status),
      talk: (room) => this.talk.toggle(room),
      roomOf: ({ id }) => this.talk.orderRoom(id), unread: (room) => this.talk.unread(room),
    };
    fillOrders(find("#orders"), open, MINE, act, "No order to carry right now.");
  }

  #follow(id) {
    if (this.#followed.has(id)) return;
    this.#followed.add(id);
    this.wire.subscribe(`order:${id}`, {
      push: (item) => item.type === "order" && this.book.told(id, item.rev),
      ended: () => this.#followed.delete(id),
    });
  }
}

new RidePage().start();
