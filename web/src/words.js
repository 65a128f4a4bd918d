/** What the pages say: statuses, ages and times in words. Pure; the time is handed in. */

/** The steps of an order that went well, in order, as a customer reads them. */
export const STEPS = [
  ["order_placed", "Order placed"],
  ["accepted", "Accepted"],
  ["preparing", "Being prepared"],
  ["ready", "Ready for pick-up"],
  ["picked_up", "On the way"],
  ["arriving", "Almost there"],
  ["delivered", "Delivered"],
];

export const STATUS_WORDS = Object.fromEntries([...STEPS, ["cancelled", "Cancelled"]]);

export const OVER = new Set(["delivered", "cancelled"]);

/** From this age on a position is shown as old. */
export const STALE_MS = 60_000;

/** "just now", "12 s ago", "3 min ago", "2 h ago", "4 days ago". */
export function ago(age_ms) {
  const seconds = Math.max(0, Math.round(age_ms / 1000));
  if (seconds < 3) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

export const clock = (ts, locale) => new Date(ts).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

/** "in 4–9 min" for a window ahead; "any minute" when it has begun. */
export function window_words({ earliest, latest, at }, now_ms) {
  const minutes = (ts) => Math.max(0, Math.round((ts - now_ms) / 60_000));
  const [low, high] = [minutes(earliest ?? at), minutes(latest ?? at)];
  if (high <= 1) return "any minute";
  return low === high ? `in ${high} min` : `in ${Math.max(1, low)}–${high} min`;
}

export function distance_words(metres) {
  if (metres < 950) return `${Math.max(10, Math.round(metres / 10) * 10)} m`;
  return `${(metres / 1000).toFixed(metres < 9500 ? 1 : 0)} km`;
}

/** The end of a long id: enough to tell two orders apart on one screen. */
export const shortId = (id) => (id.length > 9 ? `…${id.slice(-6)}` : id);
