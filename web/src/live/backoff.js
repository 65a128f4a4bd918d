/** When to come back: the close code's range says whether, the server's `bye` or full jitter says when. Pure. */

export const FIRST_MS = 500;
export const LONGEST_MS = 20_000;
/** A connection that lasted this long was a good one: the next attempt starts from FIRST_MS again. */
export const SETTLED_MS = 10_000;
export const TOKEN_EXPIRED = 4401;

/** What a close code asks of us: "return", "renew" (a fresh token first) or "stay" (do not come back by yourself). */
export function verdict(code) {
  if (code === TOKEN_EXPIRED) return "renew";
  return code >= 4500 && code <= 4999 ? "stay" : "return";
}

/**
 * Milliseconds to wait before attempt number `attempt` (0, 1, 2 …). `after_ms` is the server's [min, max] from `bye`;
 * without it the wait is uniform between 0 and a ceiling that doubles from FIRST_MS to LONGEST_MS.
 */
export function delay_ms(attempt, random, after_ms = null) {
  if (Array.isArray(after_ms) && after_ms.length === 2) {
    const [least, most] = after_ms;
    return Math.round(least + random() * Math.max(0, most - least));
  }
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(random() * ceiling);
}
