/** What the conversation says: people, days, states, refusals. Pure; the time is handed in. */

import { ago, clock } from "../words.js";

const ROLE_WORDS = { customer: "Customer", vendor: "Shop", rider: "Rider", dispatcher: "Support", admin: "Support", system: "Ridewire" };

const STATE_WORDS = {
  waiting: "Waiting for a connection", sending: "Sending…", sent: "Sent", delivered: "Delivered", read: "Read", failed: "Not sent",
};

/** Said in place of the other one's presence, which nobody knows then. */
export const CONNECTION_WORDS = { connecting: "Connecting…", offline: "Offline. What you write is sent later.", refused: "Not connected" };

const REFUSAL_WORDS = {
  forbidden: "You are no longer part of this conversation.",
  not_found: "There is no such conversation.",
  room_closed: "This conversation is closed.",
  blocked: "The other side takes no messages from you.",
  too_large: "Too long",
  rate_limited: "Too many at once; try again in a moment.",
  offline: "Not possible without a connection.",
};

/** The longest message: characters as people count them, and bytes. */
export const LIMITS = { characters: 4000, bytes: 16_000 };

export const stateWords = (state) => STATE_WORDS[state] ?? "";

/** Why something was refused: in our words, else in the server's. */
export const refusalWords = (code, words = "") => REFUSAL_WORDS[code] ?? words;

/** A member by name, else by what they are: {name?, role}. */
export const memberWords = ({ name, role } = {}) => name || ROLE_WORDS[role] || "Somebody";

/** "Today", "Yesterday", "Tuesday", "3 March", "3 March 2024". */
export function dayWords(ts, now_ms, locale) {
  const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now_ms) - midnight(ts)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const date = new Date(ts);
  if (days > 1 && days < 7) return date.toLocaleDateString(locale, { weekday: "long" });
  const year = date.getFullYear() === new Date(now_ms).getFullYear() ? {} : { year: "numeric" };
  return date.toLocaleDateString(locale, { day: "numeric", month: "long", ...year });
}

/** "Online", "Last seen 5 min ago", or nothing when it is not known. */
export function presenceWords({ state, last_seen } = {}, now_ms) {
  if (state === "online") return "Online";
  return last_seen ? `Last seen ${ago(now_ms - last_seen)}` : "";
}

/** "Shop is typing…", "Shop and Rider are typing…". */
export function typingWords(names) {
  if (names.length === 0) return "";
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** How much of `text` is too much: null when it fits, else words. */
export function tooLong(text) {
  const over = [...text].length - LIMITS.characters;
  if (over > 0) return `${over} ${over === 1 ? "character" : "characters"} too long`;
  return new TextEncoder().encode(text).length > LIMITS.bytes ? "Too long" : null;
}

/** All a screen reader has to say of one message. */
export function spoken({ mine, name, text, ts, deleted, edited, state, attachments }) {
  const what = deleted ? "message deleted" : [text, attachments.length ? "with a picture" : ""].filter(Boolean).join(", ");
  return [mine ? "You" : name, clock(ts), what, edited ? "edited" : "", stateWords(state)].filter(Boolean).join(", ");
}
