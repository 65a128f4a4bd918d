/**
 * Who is signed in in this browser. The cookie does the proving and scripts cannot read it; a page holds an access token,
 * good for minutes, and has it renewed with the CSRF token that only pages of this service can read.
 */

import { claims, handToken, takeToken } from "../token.js";
import { isFor } from "./form.js";

const PATIENCE_MS = 10_000;

async function ask(method, path, { body = null, headers = {} } = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== null) Object.assign(options, { body: JSON.stringify(body), headers: { ...options.headers, "Content-Type": "application/json" } });
  const answer = await fetch(`/api/auth/${path}`, options).catch(() => null);
  if (answer === null) return { status: 0, content: { detail: "The server cannot be reached" } };
  return { status: answer.status, content: answer.status === 204 ? null : await answer.json().catch(() => null) };
}

/** Ask an endpoint of accounts as nobody: {status, content}. */
export const call = (path, body) => ask("POST", path, { body });

/** Tokens by the cookie: {access_token, user, …}, or null when nobody is signed in here. */
export async function resume() {
  const session = await ask("GET", "session");
  if (session.status !== 200) return null;
  const { status, content } = await ask("POST", "refresh", { headers: { "X-CSRF-Token": session.content.csrf_token } });
  return status === 200 ? content : null;
}

/**
 * The token for a page: the one that this tab was given, or else that of whoever is signed in in this browser, if the page
 * is for them (a tab that a notification or a letter opened was given none). Null: they have to sign in.
 */
export async function tokenFor(page) {
  const given = takeToken(page);
  if (given) return given;
  const tokens = await resume();
  if (!tokens || !isFor(page, tokens.user.role)) return null;
  handToken(page, tokens.access_token);
  return tokens.access_token;
}

export async function leave(csrf_token) {
  await ask("POST", "logout", { headers: { "X-CSRF-Token": csrf_token } });
}

/**
 * What renews a page's token: for `new Ridewire({ renew })`. `heirs` are told the new token too (`rest.token`). A token of
 * another issuer is not ours to renew: null.
 */
export function renewal(token, ...heirs) {
  if (!claims(token).sid) return async () => null;
  return async () => {
    const fresh = (await resume())?.access_token ?? null;
    if (fresh) for (const heir of heirs) heir.token = fresh;
    return fresh;
  };
}
