/** The vendor's page: own orders as they come, and the steps up to "ready". */

import { Talk } from "./chat/talk.js";
import { find, say, show, showConnection } from "./dom.js";
import { Notices } from "./notices/notices.js";
import { OrderBook } from "./orderbook.js";
import { fillOrders } from "./orderlist.js";
import { Rest } from "./rest.js";
import { Ridewire } from "./ridewire.js";
import { renewal, tokenFor } from "./signin/session.js";
import { claims, handToken } from "./token.js";

const MINE = new Set(["accepted", "preparing", "ready", "cancelled"]);

class VendorPage {
  async start() {
    const token = await tokenFor("vendor");
    if (!token) return show(find("#signin"), true);
    const { sub, name } = claims(token);
    say(find("#who"), name || sub || "");
    this.token = token;
    this.talk = new Talk(token);
    const rest = new Rest(token);
    this.book = new OrderBook(rest, () => this.#show(), (words) => say(find("#problem"), words));
    const wire = new Ridewire({
      token, renew: renewal(token, this, rest, this.talk.rest),
      onStatus: ({ status }) => this.#status(status), onWelcome: () => this.talk.welcomed(),
    });
    wire.subscribe(`vendor:${sub}`, {
      begin: () => this.book.refresh(),
      push: (item) => item.type === "order" && this.#told(item),
    });
    handToken("chat", token);
    this.talk.start(wire, () => this.#show());
    Notices.start({ wire, token });
    wire.start();
  }

  #status(status) {
    showConnection(find("#connection"), status);
    this.talk.status(status);
  }

  #told({ order, rev, status }) {
    if (status === "order_placed") say(find("#news"), `New order ${order}`);
    this.book.told(order, rev);
  }

  #show() {
    const open = this.book.open();
    say(find("#count"), String(open.length));
    const act = {
      step: (order, status) => this.book.step(order, status), follow: (order) => this.#follow(order),
      talk: (room) => this.talk.toggle(room),
      roomOf: ({ id }) => this.talk.orderRoom(id), unread: (room) => this.talk.unread(room),
    };
    fillOrders(find("#orders"), open, MINE, act, "No open orders. New ones appear here by themselves.");
    fillOrders(find("#past"), this.book.list().filter((order) => !open.includes(order)), MINE, act, "Nothing yet");
    const total = this.talk.total;
    say(find("#waiting"), total ? `${total} unread` : "");
  }

  /** The order's map, in this tab: the token goes along in the tab's own store, not in the address. */
  #follow({ id }) {
    handToken("track", this.token);
    location.assign(`/track#order=${encodeURIComponent(id)}`);
  }
}

new VendorPage().start();
