/**
 * Notifications on a page that is about something else: a bell, toasts, and honest acknowledgements. Only a page that
 * is looked at says "delivered": behind another tab it says nothing, so that the person is reached some other way.
 */

import { find } from "../dom.js";
import { Rest } from "../rest.js";
import { claims, handToken } from "../token.js";
import { Bell } from "./bell.js";
import { EMPTY, cleared, counted, isAt, linkOf, listed, told, worthShowing } from "./model.js";
import { NoticeToasts } from "./toasts.js";

const LISTED = 30;

export class Notices {
  #model = EMPTY;
  #unconfirmed = new Set();

  /** Begin on a page's connection; share links have no notifications. `place`: where the bell goes, `own`: kinds that the page shows itself. */
  static start({ wire, token, place = find("#bell-place"), own = [] }) {
    const { sub, role } = claims(token);
    return sub && role && role !== "guest" && place ? new Notices({ wire, token, place, own, sub, role }) : null;
  }

  constructor({ wire, token, place, own, sub, role }) {
    Object.assign(this, { wire, token, role, own, rest: new Rest(token) });
    this.toasts = new NoticeToasts({ open: (item) => this.#choose(item, [item.notification_id]), dismiss: (item) => this.#ack([item.notification_id], "dismissed") });
    this.bell = new Bell(place, {
      opened: () => this.#list(), choose: (entry) => this.#choose(entry, entry.ids), readAll: () => this.#readAll(), preferences: () => this.#preferences(),
    });
    this.bell.show(this.#model);
    wire.also(`user:${sub}`, { begin: (begun) => this.#begin(begun), push: (message) => this.#told(message) });
    document.addEventListener("visibilitychange", () => this.#confirm());
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.type === "pushed" && this.#list());
  }

  #begin({ items, state, reset }) {
    if (state["notification.state"]) this.#set(counted(this.#model, state["notification.state"]));
    const notices = items.filter(({ type }) => type === "notification");
    if (reset) return;
    for (const item of notices) this.#set(told(this.#model, item));
    for (const item of worthShowing(notices, Date.now())) this.#toast(item);
    this.#arrived(notices);
  }

  #told(message) {
    if (message.type === "notification.state") this.#set(counted(this.#model, message));
    if (message.type === "notification.cleared") {
      this.toasts.clear(message.ids);
      this.#set(cleared(this.#model, message.ids));
      navigator.serviceWorker?.controller?.postMessage({ type: "clear", ids: message.ids });
    }
    if (message.type !== "notification") return;
    this.#set(told(this.#model, message));
    if (message.expires > Date.now()) this.#toast(message);
    this.#arrived([message]);
  }

  #toast(item) {
    if (!this.own.includes(item.kind)) this.toasts.add(item);
  }

  #set(model) {
    this.#model = model;
    this.bell.show(model);
  }

  #arrived(items) {
    for (const { notification_id } of items) this.#unconfirmed.add(notification_id);
    this.#confirm();
  }

  #confirm() {
    if (document.visibilityState !== "visible" || this.#unconfirmed.size === 0) return;
    const ids = [...this.#unconfirmed].slice(0, 200);
    this.#ack(ids, "delivered").then(() => ids.forEach((id) => this.#unconfirmed.delete(id)), () => {});
  }

  #ack(ids, state) {
    return this.wire.request({ type: "notification.ack", ids, state });
  }

  async #list() {
    this.#set(listed(this.#model, await this.rest.get(`notifications?limit=${LISTED}`).catch(() => this.#model)));
  }

  async #choose(item, ids) {
    const link = linkOf(item, this.role);
    this.#set(cleared(this.#model, ids));
    await this.rest.post("notifications/ack", { ids, state: "read" }).then((answer) => this.#set(counted(this.#model, answer)), () => {});
    if (!link || isAt(location.href, link)) return;
    handToken(link.split(/[/#]/)[1], this.token);
    location.assign(link);
  }

  async #readAll() {
    const ids = this.#model.items.map(({ notification_id }) => notification_id);
    await this.rest.post("notifications/read").then((answer) => this.#set(counted(cleared(this.#model, ids), answer)), () => {});
  }

  #preferences() {
    handToken("preferences", this.token);
    location.assign("/preferences");
  }
}
