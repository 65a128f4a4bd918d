/** Puts the customer's page together out of the model: words, timeline, connection, the end. */

import { el, find, say, show } from "../dom.js";
import { STALE_MS, STATUS_WORDS, ago, clock, window_words } from "../words.js";
import { timeline } from "./model.js";

const LEADS = {
  order_placed: "The shop has your order.",
  accepted: "The shop has accepted your order.",
  preparing: "Your order is being prepared.",
  ready: "Your order waits for its rider.",
  picked_up: "Your rider is on the way to you.",
  arriving: "Your rider is about to arrive.",
  delivered: "Enjoy!",
  cancelled: "This order was cancelled.",
};

export class TrackView {
  #steps = "";

  constructor() {
    this.parts = Object.fromEntries(["headline", "lead", "eta", "freshness", "steps", "rider", "sheet", "end"].map((name) => [name, find(`#${name}`)]));
  }

  /** The words that follow from the model; cheap enough to call each second. */
  update(model, now_ms) {
    const { headline, lead, eta } = this.parts;
    say(headline, STATUS_WORDS[model.status] ?? "Looking for your order…");
    say(lead, model.note ?? LEADS[model.status] ?? "");
    show(eta, Boolean(model.eta));
    if (model.eta) {
      say(find("[data-eta]", eta), window_words(model.eta, now_ms));
      say(find("[data-at]", eta), `about ${clock(model.eta.at)}`);
    }
    this.#freshness(model, now_ms);
    this.#timeline(model);
  }

  /** Test hook and screen readers' source: where the marker stands now. */
  marker(fix, drawn) {
    const { rider } = this.parts;
    if (!fix || !drawn) {
      for (const key of ["lat", "lng", "ts", "seq", "precision"]) delete rider.dataset[key];
      return;
    }
    Object.assign(rider.dataset, { lat: drawn.lat.toFixed(6), lng: drawn.lng.toFixed(6), ts: fix.ts, seq: fix.seq ?? "" });
    if (fix.precision) rider.dataset.precision = fix.precision;
    else delete rider.dataset.precision;
  }

  /** The link is over: say why, keep the timeline if there is one, take the map away. */
  ended(headline, words) {
    document.body.dataset.ended = "true";
    const { end } = this.parts;
    say(find("h2", end), headline);
    say(find("p", end), words);
    show(end, true);
  }

  /** Nobody knows who looks: a guest needs the link, whoever has an account may sign in and comes back to the order. */
  unknown(order) {
    this.ended("No link", "Open this page from the link you were sent, or sign in.");
    const signin = find("#signin");
    if (order) signin.href = `/login#order=${encodeURIComponent(order)}`;
    show(signin, true);
  }

  #freshness({ fix, status }, now_ms) {
    const { freshness } = this.parts;
    const age_ms = fix ? now_ms - fix.ts : 0;
    const stale = Boolean(fix) && (Boolean(fix.stale) || age_ms > STALE_MS);
    freshness.dataset.stale = stale;
    if (!fix) say(freshness, ["picked_up", "arriving"].includes(status) ? "Waiting for the rider's position" : "");
    else if (stale) say(freshness, `No news since ${clock(fix.ts)} (${ago(age_ms)})`);
    else if (fix.precision) say(freshness, `Near this area, ${ago(age_ms)}`);
    else say(freshness, `Position ${ago(age_ms)}`);
  }

  #timeline(model) {
    const cancelled = model.status === "cancelled";
    const steps = cancelled ? [] : timeline(model);
    const key = JSON.stringify(steps);
    if (key === this.#steps) return;
    this.#steps = key;
    this.parts.steps.replaceChildren(...steps.map(({ status, label, phase, at }) => el(
      "li", { class: `step ${phase}`, "data-step": status, "aria-current": phase === "now" ? "step" : null },
      el("span", { class: "step-label" }, label),
      at ? el("time", { datetime: new Date(at).toISOString() }, clock(at)) : null,
    )));
  }
}
