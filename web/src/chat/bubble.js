/** One row of a conversation as elements. Whatever people wrote goes in as text, never as markup. */

import { el } from "../dom.js";
import { clock } from "../words.js";
import { dayWords, spoken, stateWords } from "./words.js";

const ACTION_WORDS = { reply: "Reply", edit: "Edit", remove: "Delete", report: "Report", retry: "Try again", drop: "Discard" };
const ASKS_FIRST = { remove: "Delete for everybody?", report: "Report this message?", drop: "Discard this message?" };

/** What may be done with a message. Pure. */
export function actionsFor({ mine, deleted, state, message_id }, may) {
  if (state === "failed") return ["retry", "drop"];
  if (state === "waiting") return ["drop"];
  if (!message_id || deleted) return [];
  if (!may.write) return mine ? [] : ["report"];
  return mine ? ["reply", "edit", "remove"] : ["reply", "report"];
}

function action(name, row, act) {
  const run = () => act(name, row);
  const button = el("button", { type: "button", "data-act": name, onclick: () => (ASKS_FIRST[name] ? ask() : run()) }, ACTION_WORDS[name]);
  const ask = () => {
    const question = el("span", { class: "chat-ask", role: "group", "aria-label": ASKS_FIRST[name] },
      el("span", {}, ASKS_FIRST[name]),
      el("button", { type: "button", "data-yes": name, onclick: run }, ACTION_WORDS[name]),
      el("button", { type: "button", onclick: () => question.replaceWith(...rest) }, "Cancel"));
    const rest = [...button.parentElement.children];
    button.parentElement.replaceChildren(question);
    question.querySelector("button").focus();
  };
  return button;
}

function quote({ sender, text }, me, nameOf) {
  const who = sender === null ? "Earlier" : sender === me ? "You" : nameOf(sender);
  return el("blockquote", { class: "chat-quote" },
    el("b", {}, who), el("span", { dir: "auto" }, text ?? (sender === null ? "An earlier message" : "Message deleted")));
}

function pictures(row, show) {
  return el("span", { class: "chat-pictures" }, ...row.attachments.map((attachment) => show(attachment)));
}

function content(row, { me, nameOf, picture }) {
  if (row.deleted) return [el("p", { class: "chat-gone" }, "Message deleted")];
  return [
    row.reply ? quote(row.reply, me, nameOf) : null,
    row.attachments.length ? pictures(row, picture) : null,
    row.text ? el("p", { class: "chat-text", dir: "auto" }, row.text) : null,
  ];
}

function footer(row) {
  const failed = row.state === "failed" && row.reason ? `${stateWords("failed")}: ${row.reason}` : stateWords(row.state);
  const parts = [row.edited && !row.deleted ? "Edited" : null, row.last ? clock(row.ts) : null, row.mine && row.tell ? failed : null];
  const words = parts.filter(Boolean).join(" · ");
  return words ? el("p", { class: "chat-state", "aria-hidden": true }, words) : null;
}

function message(row, context) {
  const { nameOf, may, act, isPair } = context;
  const name = row.mine ? "You" : nameOf(row.sender, row.role);
  const actions = actionsFor(row, may);
  const bar = actions.length ? el("div", { class: "chat-actions" }, ...actions.map((each) => action(each, row, act))) : null;
  return el("li", {
    class: `chat-row ${row.mine ? "mine" : "theirs"}${row.first ? " first" : ""}${row.last ? " last" : ""}`,
    tabindex: "-1", "aria-label": spoken({ ...row, name }),
    "data-number": row.number, "data-message": row.message_id, "data-client": row.client_id, "data-state": row.state, "data-deleted": row.deleted,
  },
    row.first && !row.mine && !isPair ? el("p", { class: "chat-name", dir: "auto" }, name) : null,
    el("div", { class: "chat-bubble" }, ...content(row, context)),
    footer(row), bar);
}

const BUILD = {
  day: ({ ts }, { now_ms }) => el("li", { class: "chat-day" }, el("span", {}, dayWords(ts, now_ms))),
  new: () => el("li", { class: "chat-new" }, el("span", {}, "New")),
  system: ({ text, ts, number }) => el("li", { class: "chat-system", "data-number": number }, el("span", { dir: "auto" }, text), " ", el("time", {}, clock(ts))),
  message,
};

/**
 * `context`: {me, now_ms, may: {write}, isPair (two people need no names), nameOf(user, role), act(name, row),
 * picture(attachment) -> element}.
 */
export const rowElement = (row, context) => BUILD[row.kind](row, context);
