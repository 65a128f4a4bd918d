/**
 * Chat for a page that is about something else: rooms by order, in a drawer, on the page's own connection. Its code is
 * loaded for those only who may talk.
 */

import { Rest } from "../rest.js";
import { claims } from "../token.js";

/** Roles that have part in an order's conversation. */
const PARTIES = new Set(["customer", "vendor", "rider"]);

export class Talk {
  #chat = null;
  #drawer = null;
  #status = "connecting";
  #isWelcome = false;

  constructor(token) {
    const { sub, role } = claims(token);
    this.me = { sub, role };
    this.rest = new Rest(token);
  }

  /** Guests of a share link and staff that only looks on have nothing to say here. */
  get mayTalk() {
    return PARTIES.has(this.me.role);
  }

  /** Begin on this connection; `onNews()` whenever a count changed. */
  async start(wire, onNews) {
    if (!this.mayTalk) return;
    const [{ Chat }, { Drawer }] = await Promise.all([import("./shared.js"), import("./drawer.js")]);
    this.#drawer = new Drawer();
    this.#chat = await Chat.start({ wire, rest: this.rest, me: this.me, onNews });
    this.#chat.status(this.#status);
    if (this.#isWelcome) this.#chat.welcomed();
  }

  status(status) {
    this.#status = status;
    this.#chat?.status(status);
  }

  welcomed() {
    this.#isWelcome = true;
    this.#chat?.welcomed();
  }

  orderRoom(order) {
    return `order_${order}`;
  }

  unread(room) {
    return this.#chat?.unread.of(room) ?? 0;
  }

  get total() {
    return this.#chat?.unread.total ?? 0;
  }

  /** Open the room's conversation beside the page, or close it; `[data-talk=ROOM]` gets the focus back. */
  toggle(room) {
    this.#drawer?.toggle(room, (onClose) => this.#chat.conversation(room, { onClose }));
  }
}
