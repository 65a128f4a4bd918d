/** The dispatcher's page: the fleet in the map's view, who is silent, open orders and what happens. */

import { FenceDesk } from "./dispatch/fencedesk.js";
import { Fleet } from "./dispatch/fleet.js";
import { sentence } from "./dispatch/oplog.js";
import { Orders } from "./dispatch/orders.js";
import { Panel } from "./dispatch/panel.js";
import { ReplayBar } from "./dispatch/replaybar.js";
import { Toasts } from "./dispatch/toasts.js";
import { WORLD, channelOf, grown, serves } from "./dispatch/viewport.js";
import { find, say, show, showConnection } from "./dom.js";
import { boundsOf } from "./geo.js";
import { makeMap, readConfig } from "./map/basemap.js";
import { Notices } from "./notices/notices.js";
import { Rest } from "./rest.js";
import { Ridewire } from "./ridewire.js";
import { renewal, tokenFor } from "./signin/session.js";

const DEBOUNCE_MS = 250;
const PANEL_MS = 500;
/** Milliseconds between redraws by how many riders move: a map of thousands needs no sixty frames. */
const PACE = [[60, 40], [300, 100], [1_000, 200], [Infinity, 400]];

class DispatchPage {
  #fleet = new Fleet();
  #orders = new Orders();
  #area = WORLD;
  #channel = channelOf(WORLD);
  #fitted = false;
  #chosen = null;
  #drawn_ms = 0;
  #timer = null;

  async start() {
    const token = await tokenFor("dispatch");
    if (!token) return show(find("#signin"), true);
    this.rest = new Rest(token);
    this.panel = new Panel({ choose: (rider) => this.#choose(rider), assign: (order) => this.#ask(order, "assign", { rider_id: "nearest" }), offer: (order) => this.#ask(order, "offer"), look: () => this.#look() });
    this.map = await makeMap(find("#map"), await readConfig(), { centre: { lat: 20, lng: 0 }, zoom: 1.5 });
    this.replay = new ReplayBar({ rest: this.rest, map: this.map, fit: (places) => this.#fit(places) });
    this.fences = new FenceDesk({ rest: this.rest, map: this.map, fit: (places) => this.#fit(places), where: (rider) => this.#fleet.riders.get(rider)?.fix ?? null });
    this.toasts = new Toasts(find("#toasts"), (rider) => this.#choose(rider));
    find("#replay-open").addEventListener("click", () => this.replay.open(this.#chosen));
    this.map.onMoved(() => this.#moved());
    this.map.onPick((rider) => this.#choose(rider));
    this.wire = new Ridewire({ token, renew: renewal(token, this.rest), onStatus: ({ status }) => showConnection(find("#connection"), status) });
    this.wire.subscribe("ops", { begin: (answer) => this.#opsBegin(answer), push: (item) => this.#opsNews(item) });
    this.#follow(WORLD);
    Notices.start({ wire: this.wire, token });
    this.wire.start();
    setInterval(() => this.#look(), PANEL_MS);
    this.#frame();
    addEventListener("keydown", ({ key }) => key === "Escape" && !this.fences.cancel() && this.#choose(null));
  }

  /** Subscribe to the new area first and give up the old one after, so that nobody blinks. */
  #follow(area) {
    const before = this.#channel;
    this.#area = area;
    this.#channel = channelOf(area);
    const current = (then) => (message) => this.#channel === channelOf(area) && then(message);
    this.wire.subscribe(this.#channel, {
      begin: current(({ state }) => this.#began(state)),
      push: current((message) => this.#fleet.told(message, Date.now())),
      ended: current(({ code }) => this.#refused(code)),
    });
    if (before !== this.#channel) this.wire.unsubscribe(before);
  }

  #began(state) {
    this.#fleet.begin(state, Date.now());
    this.#drawClusters();
    this.#fitOnce();
    this.#look();
  }

  /** At first, show wherever riders are; from then on the view is the dispatcher's. */
  #fitOnce() {
    if (this.#fitted) return;
    const places = [...[...this.#fleet.riders.values()].map(({ fix }) => fix), ...this.#fleet.clusters];
    if (places.length === 0) return;
    this.#fitted = true;
    this.#fit(places);
  }

  #fit(places) {
    this.map.fit(boundsOf(places, 1_500), { top: 60, bottom: 60, right: 60, left: 60 }, true);
  }

  #moved() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const view = this.map.bounds();
      if (this.#fitted && !serves(this.#area, view)) this.#follow(grown(view));
    }, DEBOUNCE_MS);
  }

  #opsBegin({ items, state, reset }) {
    if (state.counters) this.#counted(state.counters);
    this.fences.load();
    if (reset) find("#log").replaceChildren();
    for (const item of items) this.#ops(item);
    this.rest.get("orders?limit=200").then(({ items: orders }) => {
      this.#orders.listed(orders);
      this.#look();
    }).catch((problem) => say(find("#problem"), problem.message));
  }

  /** What was told while the page looked is shown over the map too. */
  #opsNews(item) {
    this.#ops(item);
    if (item.type === "fence.changed") this.fences.changed(item.fence);
    if (item.type !== "geofence") return;
    this.fences.alerted(item);
    if (!item.late) this.toasts.add(item);
  }

  #ops(item) {
    if (item.type === "order") this.#orders.told(item);
    if (item.type === "counters") this.#counted(item);
    if (item.offset === undefined) return;
    this.panel.log(sentence(item), item.ts ?? item.since ?? Date.now(), { "data-offset": item.offset, "data-type": item.type });
  }

  /** The service's own counts, wherever the map looks. */
  #counted({ riders }) {
    say(find("#everywhere"), `${riders} ${riders === 1 ? "rider" : "riders"} reporting`);
  }

  #look() {
    const now_ms = Date.now();
    this.#fitOnce();
    this.panel.counts({ riders: this.#fleet.count, silent: this.#fleet.silent(now_ms).length, orders: this.#orders.open.size });
    this.panel.show(this.#fleet, this.#orders, now_ms);
    const known = this.#fleet.riders.get(this.#chosen);
    this.panel.chosen(known?.fix, this.#chosen ? this.#orders.of(this.#chosen) : [], known && this.#fleet.stale(this.#chosen, now_ms), now_ms);
  }

  #choose(rider) {
    this.#chosen = rider;
    const known = this.#fleet.riders.get(rider);
    if (known) this.map.goTo(known.fix);
    this.#drawn_ms = 0;
    this.#look();
  }

  async #ask(order, verb, body = null) {
    say(find("#problem"), "");
    try {
      await this.rest.post(`orders/${encodeURIComponent(order)}/${verb}`, body);
    } catch (problem) {
      say(find("#problem"), problem.message);
    }
  }

  #refused(code) {
    say(find("#problem"), code === "forbidden" ? "This token may not watch the fleet." : `The area cannot be watched (${code}).`);
  }

  #drawClusters() {
    this.map.set("clusters", this.#fleet.clusterFeatures());
  }

  #frame() {
    const now_ms = Date.now();
    const pace_ms = PACE.find(([most]) => this.#fleet.riders.size <= most)[1];
    if (now_ms - this.#drawn_ms >= pace_ms) {
      this.#drawn_ms = now_ms;
      const riders = this.#fleet.features(now_ms, this.#chosen);
      riders.features.push(...this.replay.features(now_ms));
      this.map.set("riders", riders);
      this.fences.draw(now_ms);
      if (this.clusters !== this.#fleet.clusters) {
        this.clusters = this.#fleet.clusters;
        this.#drawClusters();
      }
    }
    requestAnimationFrame(() => this.#frame());
  }
}

new DispatchPage().start();
