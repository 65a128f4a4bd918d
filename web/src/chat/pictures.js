/**
 * Pictures: chosen and sent up while the text is being written, and shown small in a message, large when pressed. One that
 * cannot go up for want of a connection waits as {name, file}, goes with its message all the same, and is shown from the file.
 */

import { el, say, show } from "../dom.js";
import { refusalWords } from "./words.js";

/** As many go with one message. */
export const MOST_PICTURES = 10;
const TYPES = "image/jpeg,image/png,image/webp,image/gif";

/** Fetches pictures with the token, each once, and shows them from memory. */
export class Pictures {
  #urls = new Map();
  #files = new WeakMap();

  constructor(rest) {
    this.rest = rest;
  }

  /** A picture of a message: its name beside it for those who cannot see it. */
  thumb(attachment) {
    const { id, name, width, height, file } = attachment;
    const image = el("img", { class: "chat-picture", alt: name, width, height, decoding: "async", draggable: "false" });
    this.#url(id, "small", file).then((url) => (image.src = url), () => (image.alt = `The picture ${name} could not be loaded`));
    return el("button", { type: "button", class: "chat-thumb", "data-picture": id ?? "", "aria-label": `Picture ${name}`, title: name, onclick: () => this.#open(attachment) }, image);
  }

  #url(id, size, file) {
    if (file) return Promise.resolve(this.#own(file));
    const key = `${id} ${size}`;
    if (!this.#urls.has(key)) {
      const coming = this.rest.blob(`attachments/${encodeURIComponent(id)}?size=${size}`).then((blob) => URL.createObjectURL(blob));
      coming.catch(() => this.#urls.delete(key));
      this.#urls.set(key, coming);
    }
    return this.#urls.get(key);
  }

  /** A file of this page's own; its address is made once. */
  #own(file) {
    if (!this.#files.has(file)) this.#files.set(file, URL.createObjectURL(file));
    return this.#files.get(file);
  }

  #open({ id, name, file }) {
    const image = el("img", { alt: name });
    const close = el("button", { type: "button", class: "chat-close", "aria-label": "Close the picture", onclick: () => dialog.close() }, "×");
    const dialog = el("dialog", { class: "chat-preview", "aria-label": `Picture ${name}`, onclose: () => dialog.remove(), onclick: ({ target }) => target === dialog && dialog.close() },
      el("header", {}, el("p", { dir: "auto" }, name), close), image);
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    this.#url(id, "full", file).then((url) => (image.src = url), () => say(dialog.querySelector("p"), `The picture ${name} could not be loaded`));
    document.body.append(dialog);
    dialog.showModal();
  }
}

/** What is chosen to go with the next message. `changed()` after each change; `trouble(words)` when a picture cannot go. */
export class Tray {
  #chosen = [];

  constructor({ rest, changed, trouble }) {
    Object.assign(this, { rest, changed, trouble });
    this.input = el("input", { type: "file", accept: TYPES, multiple: true, hidden: true, tabindex: "-1", "data-files": true, onchange: () => this.#choose() });
    this.button = el("button", { type: "button", class: "chat-attach", "aria-label": "Add pictures", onclick: () => this.input.click() }, "+");
    this.element = el("ul", { class: "chat-tray", "aria-label": "Pictures to send", hidden: true });
  }

  /** Whether a picture is still on its way up. */
  get isBusy() {
    return this.#chosen.some(({ picture }) => !picture);
  }

  /** What goes with the message: attachments as messages show them, and {name, file} of those that could not go up yet. */
  get ready() {
    return this.#chosen.flatMap(({ picture }) => (picture ? [picture] : []));
  }

  /** They went with a message. */
  clear() {
    for (const each of [...this.#chosen]) this.#drop(each);
  }

  #choose() {
    const free = MOST_PICTURES - this.#chosen.length;
    const files = [...this.input.files];
    this.input.value = "";
    this.trouble(files.length > free ? `${MOST_PICTURES} pictures go with one message.` : "");
    for (const file of files.slice(0, free)) this.#add(file);
    this.changed();
  }

  async #add(file) {
    const url = URL.createObjectURL(file);
    const each = { url, picture: null };
    each.element = el("li", { "data-state": "sending" }, el("img", { src: url, alt: file.name }),
      el("button", { type: "button", "aria-label": `Take ${file.name} away`, onclick: () => this.#drop(each) }, "×"));
    this.#chosen.push(each);
    this.element.append(each.element);
    show(this.element, true);
    try {
      each.picture = await this.rest.upload("attachments", file);
      each.element.dataset.state = "sent";
    } catch (problem) {
      if (problem.status === 0) {
        each.picture = { name: file.name, file };
        each.element.dataset.state = "waiting";
      } else if (this.#drop(each)) this.trouble(`${file.name}: ${refusalWords(problem.code, problem.message)}`);
    }
    this.changed();
  }

  #drop(each) {
    const was = this.#chosen.includes(each);
    this.#chosen = this.#chosen.filter((other) => other !== each);
    each.element.remove();
    URL.revokeObjectURL(each.url);
    show(this.element, this.#chosen.length > 0);
    this.changed();
    return was;
  }
}
