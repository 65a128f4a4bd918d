/** What all conversations of a page share: the connection, the outbox, the counts of unread messages, and pictures. */

import { Conversation } from "./conversation.js";
import { Pictures } from "./pictures.js";
import { Sender } from "./sender.js";
import { Shelf } from "./shelf.js";
import { Unread } from "./unread.js";

/** However many rooms have news, the list is read this seldom. */
const GATHER_MS = 500;
const MOST_FOLLOWED = 10;

export class Chat {
  rooms = [];
  names = {};
  trouble = "";
  connection = "connecting";
  #conversations = new Map();
  #due = null;

  /** `me` is {sub, role}; `onNews()` when the list of rooms changed. Letters an earlier page left behind go with the first connection. */
  static async start({ wire, rest, me, onNews = () => {} }) {
    const chat = new Chat();
    const shelf = await Shelf.open(me.sub);
    Object.assign(chat, { wire, rest, me, onNews, pictures: new Pictures(rest), unread: new Unread(() => chat.#counted()) });
    chat.sender = new Sender({ wire, rest, shelf, letters: await shelf.letters(), isOnline: () => chat.connection === "online", changed: () => chat.#refresh() });
    wire.subscribe(`user:${me.sub}`, { push: (message) => chat.#told(message) });
    return chat;
  }

  /** The connection is there again (`onWelcome`): send what waits, and count anew. */
  welcomed() {
    this.sender.flush();
    return this.list();
  }

  /** Read the list of rooms; what cannot be read now is read with the next news. */
  async list() {
    try {
      const { items } = await this.rest.get("rooms");
      this.rooms = items;
      for (const { last } of items) this.#learn(last);
      this.trouble = "";
      this.unread.listed(items);
    } catch (problem) {
      this.trouble = problem.message;
    }
    this.onNews();
  }

  /** The newest message of a room that is being followed. */
  newest(room, last) {
    this.#learn(last);
    const known = this.rooms.find(({ id }) => id === room);
    if (!known || !last || (known.last?.offset ?? 0) >= last.offset) return;
    known.last = last;
    this.onNews();
  }

  /** What became of the connection (`onStatus`). */
  status(status) {
    this.connection = status;
    this.#refresh();
  }

  /** The room's conversation. The last MOST_FOLLOWED stay as they are, so that coming back to one is at once. */
  conversation(room, options = {}) {
    const conversation = this.#conversations.get(room) ?? new Conversation({ ...options, room, me: this.me, chat: this });
    this.#conversations.delete(room);
    this.#conversations.set(room, conversation);
    const [oldest] = this.#conversations.keys();
    if (this.#conversations.size > MOST_FOLLOWED) {
      this.#conversations.get(oldest).stop();
      this.#conversations.delete(oldest);
    }
    return conversation;
  }

  /** A room may not know its members' names; their messages do. */
  #learn(message) {
    if (message?.sender_name) this.names[message.sender] = message.sender_name;
  }

  /** A count changed, so a room has news: tell it at once, and read the list soon for its newest words. */
  #counted() {
    this.onNews();
    this.#due ??= setTimeout(() => {
      this.#due = null;
      this.list();
    }, GATHER_MS);
  }

  #told(message) {
    if (message.type === "chat.unread") this.unread.told(message.room, message.unread);
  }

  #refresh() {
    for (const conversation of this.#conversations.values()) conversation.refresh();
  }
}
