/** Sends what the outbox holds, one message at a time and in order, its pictures before it, until the server has stored it. */

import { Outbox } from "./outbox.js";
import { refusalWords } from "./words.js";

const AGAIN_MS = 2_000;

export class Sender {
  #timer = null;
  #shelf;

  /** `isOnline()` tells whether there is a connection; `changed()` is called whenever a letter's state may have changed. */
  constructor({ wire, rest, shelf, letters, isOnline, changed }) {
    Object.assign(this, { wire, rest, isOnline, changed, outbox: new Outbox(letters) });
    this.#shelf = shelf;
  }

  /** Keep the letter, then send it as soon as may be. False when too many wait already. */
  post(letter) {
    if (!this.outbox.add(letter)) return false;
    this.#shelf.put(letter);
    this.flush();
    return true;
  }

  retry(client_id) {
    this.outbox.retry(client_id);
    this.flush();
  }

  drop(client_id) {
    this.outbox.drop(client_id);
    this.#shelf.remove(client_id);
    this.changed();
  }

  /** The room's log brought it. */
  seen(client_id) {
    if (this.outbox.seen(client_id)) this.#shelf.remove(client_id);
  }

  /** Send until nothing waits. Called for each new letter and whenever the connection is back. */
  async flush() {
    const letter = this.outbox.take();
    this.changed();
    if (!letter) return;
    clearTimeout(this.#timer);
    try {
      await this.#sendUp(letter);
      this.outbox.acked(await this.wire.request(message(letter)));
      this.#shelf.remove(letter.client_id);
    } catch (error) {
      if (!this.#failed(letter, error)) return;
    }
    this.flush();
  }

  /** Pictures that were chosen without a connection go up first. Each is noted at once, so that it goes up once. */
  async #sendUp(letter) {
    for (const [at, { file }] of (letter.pictures ?? []).entries()) {
      if (!file) continue;
      if (!this.isOnline()) throw { code: "offline" };
      try {
        letter.pictures[at] = await this.rest.upload("attachments", file);
      } catch (problem) {
        throw asRefusal(problem, file.name);
      }
      this.#shelf.put(letter);
    }
  }

  /** Whether the next letter may go. */
  #failed({ client_id }, { code, message: words, retry, after_ms }) {
    if (code === "offline" || retry) {
      this.outbox.lost(client_id);
      if (code !== "offline") this.#timer = setTimeout(() => this.flush(), after_ms ?? AGAIN_MS);
      this.changed();
      return false;
    }
    const letter = this.outbox.refused(client_id, refusalWords(code, words));
    if (letter) this.#shelf.put(letter);
    return true;
  }
}

/** Why a picture did not go up, as the socket would say it: without an answer, or told "not now", it is tried again. */
function asRefusal({ status, message: words }, name) {
  return { code: null, message: `${name}: ${words}`, retry: status === 0 || status === 429 || status >= 500 };
}

function message({ client_id, room, text, reply_to, pictures }) {
  return {
    type: "chat.send", room, client_id, text,
    ...(reply_to && { reply_to }), ...(pictures?.length && { attachments: pictures.map(({ id }) => id) }),
  };
}
