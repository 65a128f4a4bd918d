/**
 * The client's half of the protocol as a state machine without I/O. Feed it what happened; each call returns the list
 * of effects to carry out. Nothing here opens a socket, reads a clock or rolls dice: they are handed in.
 *
 * Effects: {do: "open"} · {do: "send", message} · {do: "close"} · {do: "wait", after_ms} · {do: "renew"} ·
 * {do: "status", status, code, reason} · {do: "welcome", message} · {do: "answer", id, message} · {do: "lost", id} ·
 * {do: "begin", channel, items, state, reset} · {do: "again", channel, after_ms} · {do: "push", message} · {do: "ended", channel, code, reason}
 */

import { SETTLED_MS, TOKEN_EXPIRED, delay_ms, verdict } from "./backoff.js";
import { Subscriptions } from "./subscriptions.js";

/** No frame for this long: ask something, to see whether anybody is there. */
export const QUIET_MS = 45_000;
/** No answer to that for this long: the connection is dead, whatever the browser believes. */
export const PROBE_MS = 10_000;

/** phase × event → next phase; an event that a phase does not name is ignored. */
export const MOVES = {
  idle: { start: "connecting", stop: "stopped" },
  connecting: { opened: "authenticating", closed: "waiting", refused: "refused", stop: "stopped" },
  authenticating: { welcomed: "online", closed: "waiting", refused: "refused", renew: "renewing", stop: "stopped" },
  online: { closed: "waiting", refused: "refused", renew: "renewing", stop: "stopped" },
  waiting: { start: "connecting", stop: "stopped" },
  renewing: { start: "connecting", refused: "refused", stop: "stopped" },
  refused: { stop: "stopped" },
  stopped: {},
};

const STATUS = {
  connecting: "connecting", authenticating: "connecting", online: "online",
  waiting: "offline", renewing: "offline", refused: "refused",
};

export class Session {
  phase = "idle";
  #subscriptions = new Subscriptions();
  #pending = new Map();
  #nextId = 1;
  #attempt = 0;
  #bye = null;
  #welcomed_ms = null;
  #heard_ms = 0;
  #probed_ms = null;

  constructor({ token, client = null, random = Math.random }) {
    this.token = token;
    this.client = client;
    this.random = random;
  }

  /** Connect now: at first, after a wait, after a renewed token, or because the network came back. */
  start(now_ms) {
    if (!this.#move("start")) return [];
    this.#heard_ms = now_ms;
    return [{ do: "open" }, this.#status()];
  }

  stop() {
    if (!this.#move("stop")) return [];
    return [{ do: "close" }, ...this.#lose()];
  }

  opened(now_ms) {
    if (!this.#move("opened")) return [];
    this.#heard_ms = now_ms;
    const message = { type: "auth", token: this.token };
    if (this.client) message.client = this.client;
    return [this.#request(message, "auth")];
  }

  /** A frame arrived: one message or a list of them. */
  received(frame, now_ms) {
    this.#heard_ms = now_ms;
    this.#probed_ms = null;
    const messages = Array.isArray(frame) ? frame : [frame];
    return messages.flatMap((message) => this.#one(message, now_ms));
  }

  closed(code, reason, now_ms) {
    const bye = this.#bye;
    this.#bye = null;
    const lasted_ms = this.#welcomed_ms === null ? 0 : now_ms - this.#welcomed_ms;
    this.#attempt = lasted_ms >= SETTLED_MS ? 0 : this.#attempt;
    this.#welcomed_ms = null;
    this.#probed_ms = null;
    const judged = bye?.code ?? code;
    const event = { return: "closed", renew: "renew", stay: "refused" }[verdict(judged)];
    if (!this.#move(event)) return [];
    const effects = [...this.#lose(), this.#status(judged, bye?.reason ?? reason)];
    if (event === "closed") effects.push({ do: "wait", after_ms: delay_ms(this.#attempt++, this.random, bye?.after_ms) });
    if (event === "renew") effects.push({ do: "renew" });
    return effects;
  }

  /** A fresh token, or null when none can be had. On a live connection it is announced; after 4401 we come back with it. */
  renewed(token, now_ms) {
    if (token === null) return this.#move("refused") ? [this.#status(TOKEN_EXPIRED, "token expired")] : [];
    this.token = token;
    if (this.phase === "online") return [this.#request({ type: "auth.renew", token }, "auth")];
    return this.phase === "renewing" ? this.start(now_ms) : [];
  }

  subscribe(channel, options) {
    this.#subscriptions.add(channel, options);
    return this.phase === "online" ? [this.#ask(channel)] : [];
  }

  unsubscribe(channel) {
    const followed = this.#subscriptions.remove(channel);
    return followed && this.phase === "online" ? [this.#request({ type: "unsubscribe", channel }, "quiet")] : [];
  }

  /** Send a request of the page's own; returns [id, effects], id null while there is no connection. */
  request(message) {
    if (this.phase !== "online") return [null, []];
    const effect = this.#request(message, "page");
    return [effect.message.id, [effect]];
  }

  /** Something to send that nobody answers (typing, read marks). */
  tell(message) {
    return this.phase === "online" ? [{ do: "send", message: { ...message, id: this.#nextId++ } }] : [];
  }

  /** Called now and then: probes a connection that went quiet, and gives up one that does not answer. */
  tick(now_ms, suspicious = false) {
    if (this.phase !== "online") return [];
    if (this.#probed_ms !== null) return now_ms - this.#probed_ms >= PROBE_MS ? [{ do: "close" }] : [];
    const channel = this.#subscriptions.channels[0];
    if (!channel || (now_ms - this.#heard_ms < QUIET_MS && !suspicious)) return [];
    this.#probed_ms = now_ms;
    return [this.#request({ type: "history", channel, limit: 1 }, "quiet")];
  }

  #one(message, now_ms) {
    if (message.type === "bye") {
      this.#bye = message;
      return [];
    }
    return message.re === undefined ? this.#push(message) : this.#answer(message, now_ms);
  }

  #answer(message, now_ms) {
    const purpose = this.#pending.get(message.re);
    this.#pending.delete(message.re);
    if (message.type === "welcome") return this.#welcome(message, now_ms);
    if (purpose === "page") return [{ do: "answer", id: message.re, message }];
    if (message.type === "subscribed") {
      const begun = this.#subscriptions.subscribed(message);
      return begun ? [{ do: "begin", channel: message.channel, ...begun }] : [];
    }
    if (message.type === "error" && purpose?.channel) return this.#notSubscribed(purpose.channel, message);
    return [];
  }

  #welcome(message, now_ms) {
    const first = this.#move("welcomed");
    if (!first) return [{ do: "welcome", message }];
    this.#welcomed_ms = now_ms;
    const asks = this.#subscriptions.channels.map((channel) => this.#ask(channel));
    return [this.#status(), { do: "welcome", message }, ...asks];
  }

  #notSubscribed(channel, { code, message, retry, after_ms }) {
    if (retry) return [{ do: "again", channel, after_ms: after_ms ?? 1000 }];
    this.#subscriptions.remove(channel);
    return [{ do: "ended", channel, code, reason: message }];
  }

  /** Ask once more for a channel that could not be had a moment ago. */
  again(channel) {
    return this.phase === "online" && this.#subscriptions.has(channel) ? [this.#ask(channel)] : [];
  }

  #push(message) {
    if (message.type === "unsubscribed") {
      const followed = this.#subscriptions.remove(message.channel);
      return followed ? [{ do: "ended", channel: message.channel, code: message.code, reason: message.reason }] : [];
    }
    if (message.channel === undefined) return [{ do: "push", message }];
    const verdict = this.#subscriptions.judge(message);
    if (verdict === "new") return [{ do: "push", message }];
    return verdict === "hole" ? [this.#ask(message.channel)] : [];
  }

  #ask(channel) {
    return this.#request(this.#subscriptions.request(channel), { channel });
  }

  #request(message, purpose) {
    const id = this.#nextId++;
    this.#pending.set(id, purpose);
    return { do: "send", message: { ...message, id } };
  }

  /** The connection is gone: answers that were due will not come, and every channel must be asked for again. */
  #lose() {
    this.#subscriptions.interrupted();
    const lost = [...this.#pending].filter(([, purpose]) => purpose === "page").map(([id]) => ({ do: "lost", id }));
    this.#pending.clear();
    return lost;
  }

  #move(event) {
    const next = MOVES[this.phase][event];
    if (next === undefined) return false;
    this.phase = next;
    return true;
  }

  #status(code, reason) {
    return { do: "status", status: STATUS[this.phase], code, reason };
  }
}
