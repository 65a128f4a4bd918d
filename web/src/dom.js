/** Small verbs for building and changing the page. Text goes in as text, never as markup. */

/** Make an element: el("li", {class: "step", "data-id": 7, onclick: f}, "text", child). Null attributes are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (selector, within = document) => within.querySelector(selector);

/** Change an element's text only when it differs, so that screen readers are told of news only. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  element.hidden = !visible;
}

const CONNECTION_WORDS = { connecting: "Connecting…", online: "Live", offline: "Offline, trying again", refused: "Not connected" };

/** The connection indicator that every page has. */
export function showConnection(element, status) {
  element.dataset.connection = status;
  say(element, CONNECTION_WORDS[status]);
}
