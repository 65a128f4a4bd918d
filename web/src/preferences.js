/** The preferences page: what to hear, where and when, and whether this browser gets pushes. */

import { el, find, say, show } from "./dom.js";
import { PushSwitch } from "./notices/push.js";
import { Rest } from "./rest.js";
import { tokenFor } from "./signin/session.js";

const GROUPS = { order: "Orders", chat: "Messages", stock: "Stock that runs out", rider: "Silent riders", notice: "Other news" };
const CHANNELS = { in_app: "In the app", push: "Push", email: "E-mail", sms: "SMS" };
const PUSH_WORDS = {
  impossible: "This browser cannot get pushes.", unavailable: "Pushes are not set up on this server.",
  denied: "This browser was told to allow no notifications. Change that in its settings for this site.",
  on: "This browser gets pushes.", off: "This browser gets no pushes.",
};

class PreferencesPage {
  async start() {
    const token = await tokenFor("preferences");
    if (!token) return show(find("#signin"), true);
    this.rest = new Rest(token);
    this.push = new PushSwitch(this.rest);
    find("#zone").append(...Intl.supportedValuesOf("timeZone").concat("UTC").map((zone) => el("option", { value: zone }, zone)));
    find("#form").addEventListener("submit", (event) => this.#save(event));
    find("#quiet").addEventListener("change", () => this.#quiet());
    find("#push").addEventListener("click", () => this.#toggle());
    try {
      this.#fill(await this.rest.get("notifications/preferences"));
      show(find("#form"), true);
      await this.#showPush();
    } catch (problem) {
      say(find("#problem"), problem.message);
    }
  }

  #fill({ preferences, holds }) {
    this.preferences = preferences;
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    find("#zone").value = preferences.time_zone === "UTC" && !preferences.quiet ? own : preferences.time_zone;
    find("#quiet").checked = Boolean(preferences.quiet);
    find("#start").value = preferences.quiet?.start ?? "22:00";
    find("#end").value = preferences.quiet?.end ?? "07:00";
    find("#digest").value = String(Math.round(preferences.digest_s / 60));
    this.#quiet();
    find("#kinds").replaceChildren(...Object.entries(holds).map(([group, channels]) => this.#row(group, channels)));
  }

  #row(group, channels) {
    const name = GROUPS[group] ?? group;
    return el("tr", {}, el("th", { scope: "row" }, name), ...Object.entries(CHANNELS).map(([channel, words]) =>
      el("td", {}, el("label", {}, el("input", { type: "checkbox", "data-group": group, "data-channel": channel, checked: channels[channel] }), el("span", {}, words), el("span", { class: "visually-hidden" }, ` for ${name}`)))));
  }

  #quiet() {
    show(find("#hours"), find("#quiet").checked);
  }

  /** Choices for single kinds and for all, made elsewhere, stay as they are. */
  #chosen() {
    const kinds = structuredClone(this.preferences.kinds);
    for (const box of document.querySelectorAll("#kinds input")) {
      const { group, channel } = box.dataset;
      kinds[group] = { ...kinds[group], [channel]: box.checked };
    }
    return {
      time_zone: find("#zone").value, kinds, digest_s: Math.round(Number(find("#digest").value) * 60),
      quiet: find("#quiet").checked ? { start: find("#start").value, end: find("#end").value } : null,
    };
  }

  async #save(event) {
    event.preventDefault();
    say(find("#saved"), "");
    say(find("#problem"), "");
    try {
      this.#fill(await this.rest.put("notifications/preferences", this.#chosen()));
      say(find("#saved"), "Saved.");
    } catch (problem) {
      say(find("#problem"), problem.message);
    }
  }

  async #showPush() {
    const state = await this.push.state();
    say(find("#push-words"), PUSH_WORDS[state]);
    const button = find("#push");
    show(button, state === "on" || state === "off");
    say(button, state === "on" ? "Stop pushes here" : "Get pushes here");
    button.dataset.state = state;
  }

  async #toggle() {
    try {
      await (find("#push").dataset.state === "on" ? this.push.off() : this.push.on());
      await this.#showPush();
    } catch (problem) {
      say(find("#push-words"), `That did not work: ${problem.message}`);
    }
  }
}

new PreferencesPage().start();
