/** Web Push in this browser: asked for by a press of a button, never by itself. */

export const isPossible = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** base64url to bytes, as `PushManager.subscribe` wants a key. Pure. */
export function keyBytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

export class PushSwitch {
  constructor(rest) {
    this.rest = rest;
  }

  /** "impossible", "unavailable" (not set up here), "denied", "on" or "off". */
  async state() {
    if (!isPossible()) return "impossible";
    this.key = (await this.rest.get("push/key")).public_key;
    if (!this.key) return "unavailable";
    if (Notification.permission === "denied") return "denied";
    const registration = await navigator.serviceWorker.getRegistration("/");
    return (await registration?.pushManager.getSubscription()) ? "on" : "off";
  }

  /** Ask the person, then the browser, then tell the server. */
  async on() {
    if ((await Notification.requestPermission()) !== "granted") return;
    await navigator.serviceWorker.register("/sw.js");
    const registration = await navigator.serviceWorker.ready;
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(this.key) });
    const { id } = await this.rest.post("push/subscriptions", subscription.toJSON());
    localStorage.setItem("ridewire.push", id);
  }

  async off() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const subscription = await registration?.pushManager.getSubscription();
    await subscription?.unsubscribe();
    const id = localStorage.getItem("ridewire.push");
    if (id) await this.rest.delete(`push/subscriptions/${id}`).catch(() => {});
    localStorage.removeItem("ridewire.push");
  }
}
