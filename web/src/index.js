/** The landing page: is everything up, and, in a demo, where to look. */

import { el, find, say, show } from "./dom.js";
import { readConfig } from "./map/basemap.js";

const ASK_MS = 5_000;

async function showHealth() {
  const place = find("#health");
  try {
    const answer = await fetch("/health/ready", { signal: AbortSignal.timeout(ASK_MS) });
    place.dataset.connection = answer.ok ? "online" : "offline";
    say(place, answer.ok ? "Everything is up" : "Not ready");
  } catch {
    place.dataset.connection = "offline";
    say(place, "The server does not answer");
  }
}

async function showLinks() {
  const { links = {} } = await readConfig();
  const entries = Object.entries(links);
  show(find("#demo"), entries.length > 0);
  find("#links").replaceChildren(...entries.map(([label, address]) => el("li", {}, el("a", { class: "button", href: address }, label))));
}

showLinks();
showHealth();
setInterval(showHealth, ASK_MS);
