/** The phone's position while sharing: a watch, a question when the watch is silent for long, and a screen that stays on. */

import { Pace, fixOf } from "./pace.js";

const CHECK_MS = 5_000;
const OPTIONS = { enableHighAccuracy: true, maximumAge: 0, timeout: 27_000 };
const PERMISSION_DENIED = 1;

export class PositionWatch {
  #watch = null;
  #timer = null;
  #lock = null;
  #held = null;
  #due = null;

  /** `onFix(fix)` for each fix to report; `onTrouble(words | null)`. */
  constructor({ pace = new Pace(), onFix, onTrouble }) {
    Object.assign(this, { pace, onFix, onTrouble });
  }

  get running() {
    return this.#watch !== null;
  }

  start() {
    if (!navigator.geolocation) return this.onTrouble("This browser knows no position.");
    this.#watch = navigator.geolocation.watchPosition((found) => this.#found(found), (error) => this.#trouble(error), OPTIONS);
    this.#timer = setInterval(() => this.#ask(), CHECK_MS);
    this.#stayAwake();
  }

  stop() {
    navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    clearTimeout(this.#due);
    this.#watch = null;
    this.#lock?.release();
  }

  #found(found) {
    this.onTrouble(null);
    this.#held = fixOf(found);
    this.#offer();
  }

  /** Between two reports only the newest fix is held; it goes when its time has come, even if no other follows. */
  #offer() {
    clearTimeout(this.#due);
    const wait_ms = this.pace.wait_ms(Date.now());
    if (wait_ms > 0) {
      this.#due = setTimeout(() => this.#offer(), wait_ms);
    } else if (this.#held) {
      this.pace.took(Date.now());
      this.onFix(this.#held);
      this.#held = null;
    }
  }

  /** Browsers fire empty errors between good fixes; only a refusal is worth words, the rest passes by itself. */
  #trouble(error) {
    if (error?.code !== PERMISSION_DENIED) return;
    this.stop();
    this.onTrouble("The browser may not tell your position. Allow it in the site's settings.");
  }

  #ask() {
    if (!this.pace.asks(Date.now())) return;
    navigator.geolocation.getCurrentPosition((found) => this.#found(found), (error) => this.#trouble(error), OPTIONS);
  }

  async #stayAwake() {
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => null);
  }
}
