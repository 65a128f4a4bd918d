/**
 * One room on a page: the channel's news into the model, the model onto the screen, what is written into the outbox,
 * and how far was read back to the server.
 */

import { el, say, show } from "../dom.js";
import { Composer } from "./composer.js";
import { ChatLog } from "./log.js";
import { Menu } from "./menu.js";
import { EMPTY, begun, blockable, chosen, firstUnread, older, person, told, typists, visible } from "./model.js";
import { rowsOf } from "./rows.js";
import { CONNECTION_WORDS, memberWords, presenceWords, refusalWords, spoken, typingWords } from "./words.js";

const SECOND_MS = 1_000;
const PAGE = 50;

export class Conversation {
  #model = EMPTY;
  #isOpen = false;
  #isBegun = false;
  #loading = false;
  #newFrom = null;
  #marked = { delivered: 0, read: 0 };
  #ended = null;

  /** `me` is {sub, role}; `chat` the page's one Chat (wire, rest, sender). */
  constructor({ room, me, chat, onClose = null }) {
    Object.assign(this, { room, me, chat });
    this.channel = `room:${room}`;
    this.#build(onClose);
    this.#timer = setInterval(() => this.#tick(), SECOND_MS);
    document.addEventListener("visibilitychange", this.#look);
    chat.wire.subscribe(this.channel, {
      begin: (answer) => this.#begin(answer),
      push: (message) => this.#push(message),
      ended: (end) => this.#end(end),
    });
    this.#show();
  }

  #timer;
  #look = () => this.#isOpen && document.visibilityState === "visible" && this.log.look(this.#marked.read);

  /** The conversation is in view: what its reader sees is read from now on. */
  open() {
    this.#isOpen = true;
    this.#startNew();
    this.#show();
    this.log.toEnd();
    this.log.look(this.#marked.read);
    if (matchMedia("(hover: hover)").matches) this.composer.field.focus();
  }

  close() {
    this.#isOpen = false;
    this.#newFrom = null;
  }

  /** Leave the room. */
  stop() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
    this.chat.wire.unsubscribe(this.channel);
    this.element.remove();
  }

  #build(onClose) {
    this.log = new ChatLog({ onSeen: (number) => this.#read(number), onTop: () => this.#older(), onEnd: (atEnd) => show(this.jump, !atEnd) });
    this.composer = new Composer({
      rest: this.chat.rest,
      onSend: (text, context) => this.#write(text, context),
      onTyping: (on) => this.chat.wire.tell({ type: "chat.typing", room: this.room, on }),
      onEditLast: () => this.#editLast(),
    });
    this.menu = new Menu({ onMute: (on) => this.#mute(on), onBlock: (on) => this.#block(on) });
    this.heading = el("h2", { dir: "auto" });
    this.presence = el("p", { class: "soft" });
    this.notice = el("p", { class: "chat-notice", role: "status", hidden: true });
    this.empty = el("p", { class: "chat-empty", hidden: true }, "No messages yet. Say hello.");
    this.jump = el("button", { type: "button", class: "chat-jump", hidden: true, "aria-label": "To the newest message", onclick: () => this.log.toEnd() }, "↓");
    this.typing = el("p", { class: "chat-typing", "aria-live": "polite" });
    this.news = el("p", { class: "visually-hidden", "aria-live": "polite", "data-news": true });
    this.element = el("section", { class: "chat", "data-room": this.room },
      el("header", { class: "chat-head" }, el("div", {}, this.heading, this.presence), this.menu.element,
        onClose ? el("button", { type: "button", class: "chat-close", "aria-label": "Close the conversation", onclick: onClose }, "×") : null),
      el("div", { class: "chat-stage" }, this.log.element, this.empty, this.jump), this.typing, this.news, this.notice, this.composer.element);
  }

  #begin(answer) {
    this.#model = begun(this.#model, answer);
    this.composer.offer(this.#model.quick);
    if (answer.state.room) this.chat.unread.told(this.room, answer.state.room.unread);
    this.#isBegun = true;
    this.#ended = null;
    this.#tellMarks();
    if (this.#isOpen && this.#newFrom === null) this.#startNew();
    this.#arrived();
  }

  /** What was read without a connection is told once there is one. */
  #tellMarks() {
    const { delivered, read } = this.#marked;
    if (delivered || read) this.chat.wire.tell({ type: "chat.mark", room: this.room, ...(delivered && { delivered }), ...(read && { read }) });
  }

  #push(message) {
    this.#model = told(this.#model, message, Date.now());
    if (message.type === "chat.message" && message.sender !== this.me.sub && !message.edited && !message.deleted) this.#announce(message);
    this.#arrived();
  }

  /** Messages may have come: what was on its way here is here, and its sender may know. */
  #arrived() {
    const { number } = this.#model;
    const last = this.#model.messages[number];
    for (const { client_id } of visible(this.#model)) if (client_id) this.chat.sender.seen(client_id);
    if (number > this.#marked.delivered && last.sender !== this.me.sub) {
      this.#marked.delivered = number;
      this.chat.wire.tell({ type: "chat.mark", room: this.room, delivered: number });
    }
    this.chat.newest(this.room, last);
    this.#show();
    if (this.#isOpen) this.log.look(this.#marked.read);
  }

  #end({ code }) {
    this.#ended = code;
    this.#show();
  }

  /** A message came into somebody's view. */
  #read(number) {
    if (!this.#isOpen || document.visibilityState !== "visible" || number <= this.#marked.read) return;
    if (this.#model.messages[number]?.sender === this.me.sub) return;
    this.#marked.read = number;
    if (number <= (this.#model.receipts[this.me.sub]?.read ?? 0)) return;
    this.chat.wire.tell({ type: "chat.mark", room: this.room, read: number });
    this.#model = told(this.#model, { type: "chat.receipt", user: this.me.sub, read: number });
  }

  #startNew() {
    this.#newFrom = firstUnread(this.#model, this.me.sub);
  }

  #announce(message) {
    const name = this.#nameOf(message.sender, message.sender_role);
    say(this.news, spoken({ ...message, mine: false, name, attachments: message.attachments ?? [] }));
  }

  #write(text, { reply, edit, pictures = [] }) {
    this.#newFrom = null;
    if (edit) this.#change({ type: "chat.edit", room: this.room, message_id: edit.message_id, text });
    else {
      const letter = { client_id: crypto.randomUUID(), room: this.room, text, reply_to: reply?.message_id ?? null, pictures, written_ms: Date.now() };
      if (!this.chat.sender.post(letter)) this.composer.trouble("Too many messages wait already.");
      this.log.toEnd();
    }
  }

  #editLast() {
    const last = this.#rows().filter(({ mine, message_id, deleted }) => mine && message_id && !deleted).at(-1);
    if (last && this.may.write) this.composer.edit(last);
  }

  /** A request about this room; says why when it did not work, and whether it did. */
  async #change(request, done = "") {
    try {
      await this.chat.wire.request(request);
      say(this.news, done);
      this.composer.trouble("");
      return true;
    } catch (error) {
      this.composer.trouble(refusalWords(error.code, error.message));
      return false;
    }
  }

  #acts = {
    reply: (row) => this.composer.reply(row, row.mine ? "yourself" : this.#nameOf(row.sender, row.role)),
    edit: (row) => this.composer.edit(row),
    remove: ({ message_id }) => this.#change({ type: "chat.delete", room: this.room, message_id }),
    report: ({ message_id }) => this.#change({ type: "chat.report", room: this.room, message_id, reason: "other" }, "Reported. Thank you."),
    retry: ({ client_id }) => this.chat.sender.retry(client_id),
    drop: ({ client_id }) => this.chat.sender.drop(client_id),
  };

  /** No counts of this room on any device, or again. */
  async #mute(on) {
    try {
      await this.chat.rest[on ? "put" : "delete"](`rooms/${encodeURIComponent(this.room)}/mute`);
      this.#model = chosen(this.#model, { muted: on });
      say(this.news, on ? "Muted" : "No longer muted");
    } catch (problem) {
      this.composer.trouble(problem.message);
    }
    this.#show();
  }

  async #block(on) {
    const user = blockable(this.#model, this.me.sub);
    const done = await this.#change({ type: "chat.block", room: this.room, user, on }, on ? "Blocked" : "No longer blocked");
    if (done) this.#model = chosen(this.#model, { blocked: on ? [user] : [] });
    this.#show();
  }

  async #older() {
    if (this.#loading || !this.#model.more || !this.#isBegun) return;
    this.#loading = true;
    try {
      this.#model = older(this.#model, await this.chat.wire.request({ type: "history", channel: this.channel, before: this.#model.from, limit: PAGE }));
    } catch {
      // The button stays; the next press or scroll asks again.
    }
    this.#loading = false;
    this.#show();
  }

  get may() {
    return { write: this.#ended === null && this.#model.isOpen };
  }

  #nameOf = (user, role) => memberWords(person(this.#model, user, role));

  #rows() {
    const { sub, role } = this.me;
    return rowsOf(this.#model, this.chat.sender.outbox.of(this.room), { me: sub, role, newFrom: this.#newFrom, isOnline: this.chat.connection === "online" });
  }

  /** Called by the page's Chat when a letter's state changed, and by everything that changes the model. */
  refresh() {
    this.#show();
  }

  #show() {
    const rows = this.#rows();
    const act = (name, row) => {
      this.log.closeActions();
      this.#acts[name](row);
    };
    const isPair = Object.keys(this.#model.members).length <= 2;
    const context = { isPair, me: this.me.sub, now_ms: Date.now(), may: this.may, nameOf: this.#nameOf, act, picture: (attachment) => this.chat.pictures.thumb(attachment) };
    this.log.fill(rows, context, this.#model.more);
    show(this.empty, this.#isBegun && rows.length === 0);
    show(this.composer.element, this.may.write);
    this.#notice();
    this.#tick();
  }

  /** Why nothing can be written, or whom one does not hear. */
  #notice() {
    const user = blockable(this.#model, this.me.sub);
    const blocked = user !== null && this.#model.blocked.includes(user);
    this.menu.show({ muted: this.#model.muted, blocked, mayBlock: user !== null && this.may.write });
    show(this.menu.element, this.#isBegun && this.#ended === null);
    const closed = this.#ended ? refusalWords(this.#ended, "This conversation has ended.") : "This conversation is closed; it can still be read.";
    const words = blocked ? `You blocked ${this.#nameOf(user)}, who cannot write to you here.` : "";
    show(this.notice, (this.#isBegun || this.#ended !== null) && (!this.may.write || blocked));
    say(this.notice, this.may.write ? words : closed);
  }

  #tick() {
    const now_ms = Date.now();
    const others = Object.keys(this.#model.members).filter((user) => user !== this.me.sub);
    const title = others.map((user) => this.#nameOf(user)).join(", ") || "Messages";
    say(this.heading, title);
    this.element.setAttribute("aria-label", `Conversation with ${title}`);
    const presence = others.length === 1 ? presenceWords(this.#model.presence[others[0]], now_ms) : "";
    say(this.presence, CONNECTION_WORDS[this.chat.connection] ?? presence);
    say(this.typing, typingWords(typists(this.#model, this.me.sub, now_ms).map((user) => this.#nameOf(user))));
  }
}
