/** The customer's page: follows one order by share link (/track/TOKEN) or by an access token (#token=…&order=ID). */

import { Talk } from "./chat/talk.js";
import { find, say, show, showConnection } from "./dom.js";
import { distance_m } from "./geo.js";
import { makeMap, readConfig } from "./map/basemap.js";
import { Motion } from "./motion.js";
import { Notices } from "./notices/notices.js";
import { Ridewire } from "./ridewire.js";
import { renewal, tokenFor } from "./signin/session.js";
import { fragment, shareToken } from "./token.js";
import { Follow } from "./track/follow.js";
import { EMPTY, begun, told } from "./track/model.js";
import { placesOf, riderOf, trailOf } from "./track/scene.js";
import { TrackView } from "./track/view.js";
import { OVER, STALE_MS, clock } from "./words.js";

const SECOND_MS = 1_000;
const TRAIL_POINTS = 500;
const TRAIL_STEP_M = 8;

class TrackPage {
  #model = EMPTY;
  #motion = new Motion();
  #trail = [];
  #view = new TrackView();
  #map = null;
  #follow = null;
  #drawn = "";

  async start() {
    const token = shareToken(location.pathname) ?? (await tokenFor("track"));
    this.wanted = fragment(location.hash).order ?? null;
    if (!token) return this.#view.unknown(this.wanted);
    this.#wire(token);
    if (this.wanted && this.talk.mayTalk) this.#offerTalk();
    setInterval(() => this.#view.update(this.#model, Date.now()), SECOND_MS);
    this.#map = await makeMap(find("#map"), await readConfig(), { centre: { lat: 20, lng: 0 }, zoom: 1.5 });
    this.#follow = new Follow(this.#map);
    this.#changed();
    const frame = () => {
      this.#draw(Date.now());
      requestAnimationFrame(frame);
    };
    frame();
  }

  #wire(token) {
    this.talk = new Talk(token);
    this.wire = new Ridewire({
      token, renew: renewal(token, this.talk.rest),
      onStatus: (status) => this.#status(status),
      onWelcome: (welcome) => this.#welcomed(welcome),
    });
    this.talk.start(this.wire, () => this.#showUnread());
    Notices.start({ wire: this.wire, token });
    this.wire.start();
  }

  #status({ status, code }) {
    showConnection(find("#connection"), status);
    this.talk.status(status);
    if (status === "refused" && !OVER.has(this.#model.status)) {
      this.#over(code === 4501 || code === 4500 ? "This link has ended" : "Not connected", "It is no longer valid. Ask for a new one if your order is still on its way.");
    }
  }

  /** Whoever has part in the order may write; a share link's guest only looks. */
  #offerTalk() {
    const [button, room] = [find("#messages"), this.talk.orderRoom(this.wanted)];
    button.dataset.talk = room;
    button.addEventListener("click", () => this.talk.toggle(room));
    show(button, true);
  }

  #showUnread() {
    const unread = this.talk.unread(this.talk.orderRoom(this.wanted));
    const badge = find("#messages .unread");
    say(badge, String(unread));
    show(badge, unread > 0);
  }

  #welcomed({ order }) {
    this.talk.welcomed();
    const id = this.wanted ?? order;
    if (!id || this.channel) return;
    this.channel = `order:${id}`;
    this.wire.subscribe(this.channel, {
      begin: (answer) => this.#take(begun(this.#model, answer)),
      push: (message) => this.#take(told(this.#model, message)),
      ended: ({ code }) => this.#lost(code),
    });
  }

  #take(model) {
    const { fix } = model;
    if (fix && fix !== this.#model.fix) this.#moved(fix);
    if (!fix) {
      this.#motion = new Motion();
      this.#trail = [];
    }
    this.#model = model;
    if (OVER.has(model.status)) this.#delivered();
    this.#changed();
  }

  /** A coarse fix is a cell and does not glide; the first exact one starts afresh where the rider really is. */
  #moved(fix) {
    if (fix.precision || this.#model.fix?.precision) this.#motion = new Motion();
    this.#motion.add(fix, Date.now());
  }

  #changed() {
    this.#view.update(this.#model, Date.now());
    if (!this.#map) return;
    const { fix, dropoff, pickup } = this.#model;
    this.#map.set("places", placesOf(this.#model));
    const places = [fix, dropoff, fix && this.#model.times.picked_up ? null : pickup].filter(Boolean);
    this.#follow.look(places);
  }

  #draw(now_ms) {
    const { fix } = this.#model;
    const drawn = this.#motion.at(now_ms);
    const stale = Boolean(fix && (fix.stale || now_ms - fix.ts > STALE_MS));
    const key = fix && drawn ? `${drawn.lat} ${drawn.lng} ${drawn.heading} ${stale} ${fix.precision}` : "";
    if (key === this.#drawn) return;
    this.#drawn = key;
    for (const [name, features] of Object.entries(riderOf(fix, drawn, stale))) this.#map.set(name, features);
    if (drawn && !fix?.precision) this.#leaveTrail(drawn);
    this.#view.marker(fix, drawn);
  }

  /** The line behind the marker is where the marker has been. */
  #leaveTrail(drawn) {
    const end = this.#trail.at(-1);
    if (!end || distance_m(end, drawn) >= TRAIL_STEP_M) this.#trail = [...this.#trail, drawn].slice(-TRAIL_POINTS);
    this.#map.set("trail", trailOf([...this.#trail, drawn]));
  }

  #delivered() {
    const { status, times } = this.#model;
    const at = times[status] ? ` at ${clock(times[status])}` : "";
    if (status === "delivered") this.#over("Delivered", `Your order arrived${at}. This link has ended.`);
    else this.#over("Cancelled", `This order was cancelled${at}. This link has ended.`);
  }

  /** The server took the channel away; an order that ended says so itself. */
  #lost(code) {
    if (OVER.has(this.#model.status)) return;
    this.#over("This link has ended", code === "not_found" ? "There is no such order." : "It is no longer valid. Ask for a new one if your order is still on its way.");
  }

  #over(headline, words) {
    this.#model = { ...this.#model, fix: null, eta: null };
    this.#view.update(this.#model, Date.now());
    this.#view.ended(headline, words);
    if (this.talk.mayTalk) this.wire.unsubscribe(this.channel);
    else this.wire.stop();
  }
}

new TrackPage().start();
