/**
 * One connection to Ridewire for a page: sockets, timers and listeners around the pure session in live/session.js.
 *
 *     const wire = new Ridewire({ token, onStatus, renew: async () => freshToken });
 *     wire.subscribe("order:7", { begin({items, state, reset}) {}, push(message) {}, ended({code, reason}) {} });
 *     wire.start();
 *
 * `request(message)` resolves with the answer and rejects with a WireError: code "offline" when there is no connection
 * or it broke before the answer, else the server's own code.
 */

import { Session } from "./live/session.js";

const SUBPROTOCOL = "ridewire.v1.json";
const TICK_MS = 5_000;
/** Renew this long before the token's end, so that a slow answer still comes in time. */
const RENEW_AHEAD_MS = 30_000;

export class WireError extends Error {
  constructor({ code, message, retry = false, after_ms = null }) {
    super(message ?? code);
    Object.assign(this, { code, retry, after_ms });
  }
}

export function socketUrl(place = location) {
  return `${place.protocol === "https:" ? "wss" : "ws"}://${place.host}/ws`;
}

export class Ridewire {
  #session;
  #socket = null;
  #listeners = new Map();
  #also = new Map();
  #waiting = new Map();
  #due = [];
  #isRunning = false;
  #timer = null;
  #renewTimer = null;
  #options;
  #debug;

  constructor({ token, client = null, url = socketUrl(), renew = null, onStatus = () => {}, onWelcome = () => {}, onPush = () => {} }) {
    this.#session = new Session({ token, client });
    this.#options = { url, renew, onStatus, onWelcome, onPush };
    this.#debug = new URLSearchParams(location.search).has("debug");
  }

  start() {
    addEventListener("online", () => this.#otherNetwork());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
    setInterval(() => this.#run(this.#session.tick(Date.now())), TICK_MS);
    this.#run(this.#session.start(Date.now()));
  }

  stop() {
    this.#run(this.#session.stop());
  }

  subscribe(channel, listener, options = {}) {
    this.#listeners.set(channel, listener);
    this.#run(this.#session.subscribe(channel, options));
  }

  /** One more listener to `begin` and `push` of a channel, whoever else follows it; for as long as the page lives. */
  also(channel, listener) {
    this.#also.set(channel, [...(this.#also.get(channel) ?? []), listener]);
    if (!this.#listeners.has(channel)) this.subscribe(channel, { push() {} });
  }

  unsubscribe(channel) {
    this.#listeners.delete(channel);
    this.#run(this.#session.unsubscribe(channel));
  }

  request(message) {
    const [id, effects] = this.#session.request(message);
    if (id === null) return Promise.reject(new WireError({ code: "offline", retry: true }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#run(effects);
    });
  }

  tell(message) {
    this.#run(this.#session.tell(message));
  }

  /** The network went and came: a socket from before it may hang for minutes, and coming back costs little. */
  #otherNetwork() {
    this.#abandon();
    this.#hurry();
  }

  /** Somebody looks or the network is back: do not sit out the wait, and doubt an old connection. */
  #hurry() {
    if (this.#session.phase === "waiting") this.#run(this.#session.start(Date.now()));
    else this.#run(this.#session.tick(Date.now(), true));
  }

  /** In the order decided: what a listener asks for meanwhile comes after what was decided before it, as ids must rise. */
  #run(effects) {
    this.#due.push(...effects);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let effect = this.#due.shift(); effect; effect = this.#due.shift()) this.#effects[effect.do](effect);
    } finally {
      this.#isRunning = false;
    }
  }

  #effects = {
    open: () => this.#open(),
    close: () => this.#abandon(),
    send: ({ message }) => this.#send(message),
    wait: ({ after_ms }) => this.#later(after_ms, () => this.#session.start(Date.now())),
    again: ({ channel, after_ms }) => setTimeout(() => this.#run(this.#session.again(channel)), after_ms),
    renew: () => this.#renew(),
    status: ({ status, code, reason }) => this.#options.onStatus({ status, code, reason }),
    welcome: ({ message }) => this.#welcomed(message),
    answer: ({ id, message }) => this.#answered(id, message),
    lost: ({ id }) => this.#answered(id, { type: "error", code: "offline", retry: true }),
    begin: (begun) => {
      this.#listeners.get(begun.channel)?.begin?.(begun);
      for (const also of this.#also.get(begun.channel) ?? []) also.begin?.(begun);
    },
    ended: (end) => this.#listeners.get(end.channel)?.ended?.(end),
    push: ({ message }) => {
      (this.#listeners.get(message.channel)?.push ?? this.#options.onPush)(message);
      for (const also of this.#also.get(message.channel) ?? []) also.push?.(message);
    },
  };

  #open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#options.url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => socket === this.#socket && this.#run(this.#session.opened(Date.now()));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#received(data);
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#closed(code, reason);
  }

  #received(data) {
    const frame = JSON.parse(data);
    if (this.#debug) console.debug("◀", frame);
    this.#run(this.#session.received(frame, Date.now()));
  }

  #closed(code, reason) {
    this.#socket = null;
    clearTimeout(this.#renewTimer);
    this.#run(this.#session.closed(code, reason, Date.now()));
  }

  /** Let go of a socket at once: the browser may need minutes to see that nobody answers its close. */
  #abandon() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close(1000);
    this.#closed(1006, "no answer");
  }

  #send(message) {
    if (this.#debug) console.debug("▶", message.token ? { ...message, token: "…" } : message);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #later(after_ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(then()), after_ms);
  }

  #welcomed(message) {
    this.#options.onWelcome(message);
    clearTimeout(this.#renewTimer);
    if (!this.#options.renew || !message.token_ttl) return;
    this.#renewTimer = setTimeout(() => this.#renew(), Math.max(1000, message.token_ttl * 1000 - RENEW_AHEAD_MS));
  }

  async #renew() {
    const token = await Promise.resolve(this.#options.renew?.()).catch(() => null);
    if (token || this.#session.phase === "renewing") this.#run(this.#session.renewed(token ?? null, Date.now()));
  }

  #answered(id, message) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (message.type === "error") waiting?.reject(new WireError(message));
    else waiting?.resolve(message);
  }
}
