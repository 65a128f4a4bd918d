/**
 * The list of messages on the screen: changes only the rows that changed, stays where its reader is, follows the newest
 * one while its end is in view, and tells which messages have been in view.
 */

import { el } from "../dom.js";
import { rowElement } from "./bubble.js";

/** This near to the end counts as at the end. */
const END_PX = 60;

export class ChatLog {
  #rows = new Map();
  #signs = new Map();
  #seen;
  #top;

  /** `onSeen(number)` for each message that came into view, `onTop()` when the reader reached the oldest one. */
  constructor({ onSeen, onTop, onEnd }) {
    this.more = el("li", { class: "chat-more", hidden: true }, el("button", { type: "button", onclick: onTop }, "Earlier messages"));
    this.element = el("ol", { class: "chat-log", tabindex: "0", "aria-label": "Messages", onkeydown: (event) => this.#key(event) });
    this.element.append(this.more);
    this.element.addEventListener("scroll", () => onEnd(this.isAtEnd), { passive: true });
    this.element.addEventListener("click", (event) => this.#open(event));
    this.#seen = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && onSeen(Number(target.dataset.number))), { root: this.element, threshold: 0.5 });
    this.#top = new IntersectionObserver(([entry]) => entry.isIntersecting && onTop(), { root: this.element });
    this.#top.observe(this.more);
    new ResizeObserver(() => this.#wasAtEnd && this.toEnd()).observe(this.element);
  }

  #wasAtEnd = true;

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    this.#wasAtEnd = scrollHeight - scrollTop - clientHeight < END_PX;
    return this.#wasAtEnd;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Show these rows. Rows above that are new push nothing away from under the reader's eyes. */
  fill(rows, context, more) {
    const atEnd = this.isAtEnd;
    const anchor = atEnd ? null : this.#anchor(new Set(rows.map(({ key }) => key)));
    this.more.hidden = !more;
    const wanted = new Set(rows.map(({ key }) => key));
    for (const key of [...this.#rows.keys()]) if (!wanted.has(key)) this.#drop(key);
    let before = this.more;
    for (const row of rows) {
      const element = this.#element(row, context);
      if (before.nextSibling !== element) before.after(element);
      before = element;
    }
    if (atEnd) this.toEnd();
    else if (anchor) this.element.scrollTop += this.#rows.get(anchor.key).getBoundingClientRect().top - anchor.top_px;
  }

  focusRow(key) {
    this.#focus(this.#rows.get(key));
  }

  /** Observe again the rows after number `read`: what was hidden when it came is looked at now. */
  look(read) {
    for (const element of this.#rows.values()) if (Number(element.dataset.number) > read) this.#watch(element);
  }

  #watch(element) {
    if (!element.dataset.number) return;
    this.#seen.unobserve(element);
    this.#seen.observe(element);
  }

  #element(row, context) {
    const sign = JSON.stringify([row, context.may, row.kind === "day" ? new Date(context.now_ms).toDateString() : context.nameOf(row.sender, row.role), context.isPair]);
    const known = this.#rows.get(row.key);
    if (known && this.#signs.get(row.key) === sign) return known;
    const element = rowElement(row, context);
    if (known) this.#replace(known, element);
    this.#rows.set(row.key, element);
    this.#signs.set(row.key, sign);
    this.#watch(element);
    return element;
  }

  #replace(known, element) {
    const hadFocus = known.contains(document.activeElement);
    if (known.dataset.open) element.dataset.open = known.dataset.open;
    this.#seen.unobserve(known);
    known.replaceWith(element);
    if (hadFocus) this.#focus(element);
  }

  #drop(key) {
    const element = this.#rows.get(key);
    this.#seen.unobserve(element);
    element.remove();
    this.#rows.delete(key);
    this.#signs.delete(key);
  }

  /** The first row in view that stays, and where it is. */
  #anchor(staying) {
    const edge_px = this.element.getBoundingClientRect().top;
    const found = [...this.#rows].find(([key, row]) => staying.has(key) && row.getBoundingClientRect().bottom > edge_px);
    return found ? { key: found[0], top_px: found[1].getBoundingClientRect().top } : null;
  }

  #open({ target }) {
    const row = target.closest(".chat-row");
    if (!row || target.closest("button, a")) return;
    this.#toggle(row, !row.dataset.open);
  }

  /** What was to be done with a message is chosen. */
  closeActions() {
    for (const open of this.element.querySelectorAll("[data-open]")) delete open.dataset.open;
  }

  #toggle(row, open) {
    this.closeActions();
    if (open && row.querySelector(".chat-actions")) {
      row.dataset.open = "true";
      row.querySelector(".chat-actions").scrollIntoView({ block: "nearest" });
    }
  }

  #messages() {
    return [...this.element.querySelectorAll(".chat-row")];
  }

  #focus(row) {
    row?.focus({ preventScroll: false });
  }

  /** Arrows go from message to message, Enter opens what can be done with one, Escape closes it. */
  #key(event) {
    const rows = this.#messages();
    const at = rows.indexOf(event.target.closest(".chat-row"));
    if (event.target.closest("button") && !["Escape", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    const to = { ArrowUp: at < 0 ? rows.length - 1 : at - 1, ArrowDown: at < 0 ? rows.length - 1 : at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) this.#focus(rows[Math.max(0, Math.min(to, rows.length - 1))]);
    else if (event.key === "Enter" && at >= 0) {
      this.#toggle(rows[at], true);
      rows[at].querySelector(".chat-actions button")?.focus();
    } else if (event.key === "Escape" && at >= 0 && rows[at].dataset.open) {
      this.#toggle(rows[at], false);
      this.#focus(rows[at]);
      event.stopPropagation();
    } else return;
    event.preventDefault();
  }
}
