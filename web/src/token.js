/**
 * Where a page's token comes from: the address's fragment (`#token=…`, which browsers never send to a server), or the
 * path of a share link. From the fragment it moves into sessionStorage and out of the address bar at once.
 */

const KEY = "ridewire.token";

/** What a fragment says, as an object: "#token=a&order=7" → {token: "a", order: "7"}. Pure. */
export function fragment(hash) {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
}

/** The token of a share link's path: "/track/abc" → "abc", "/track" → null. Pure. */
export function shareToken(pathname) {
  const match = /^\/track\/([A-Za-z0-9._~-]+)\/?$/.exec(pathname);
  return match ? match[1] : null;
}

/** The room of a chat page's path: "/chat/vendor_1_customer_2" → "vendor_1_customer_2", "/chat" → null. Pure. */
export function roomOf(pathname) {
  const match = /^\/chat\/([^/]+)\/?$/.exec(pathname);
  return match ? decodeURIComponent(match[1]) : null;
}

/** The claims inside an access token, unchecked (the server checks); {} when it is no JWT. For labels only. Pure. */
export function claims(token) {
  try {
    const body = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(body), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** The token for this page, kept for this tab under the page's own name, or null. */
export function takeToken(page, place = location, store = sessionStorage) {
  const given = fragment(place.hash);
  if (given.token) {
    store.setItem(`${KEY}.${page}`, given.token);
    const { token, ...rest } = given;
    const left = new URLSearchParams(rest).toString();
    history.replaceState(null, "", place.pathname + place.search + (left ? `#${left}` : ""));
    return token;
  }
  return store.getItem(`${KEY}.${page}`);
}

export function forgetToken(page, store = sessionStorage) {
  store.removeItem(`${KEY}.${page}`);
}

/** Let another page of this tab use the token. */
export function handToken(page, token, store = sessionStorage) {
  store.setItem(`${KEY}.${page}`, token);
}
