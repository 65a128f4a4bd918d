/** Sign in, sign up, set a new password; then on to the page of one's role, with the token in this tab's own store. */

import { el, find, say, show } from "./dom.js";
import { Rest } from "./rest.js";
import { MODES, PAGES, missing, running } from "./signin/form.js";
import { call, leave, resume } from "./signin/session.js";
import { forgetToken, fragment, handToken } from "./token.js";

const TABS = ["login", "register"];
const EVERY_PAGE = ["track", "chat", "vendor", "ride", "dispatch"];

class LoginPage {
  #mode = "login";
  #tokens = null;

  async start() {
    find("#form").addEventListener("submit", (event) => this.#sent(event));
    for (const button of document.querySelectorAll("button[data-mode]"))
      button.addEventListener("click", () => this.#choose(button.dataset.mode));
    find("#leave").addEventListener("click", () => this.#leave());
    this.#providers();
    if ("back" in fragment(location.hash)) await this.#back();
    document.body.dataset.ready = "true";
  }

  #choose(mode) {
    this.#mode = mode;
    const { title, send, password } = MODES[mode];
    find("#form").dataset.mode = mode;
    for (const part of document.querySelectorAll("[data-in]")) show(part, part.dataset.in.split(" ").includes(mode));
    for (const tab of TABS) find(`#mode-${tab}`).setAttribute("aria-pressed", String(tab === mode));
    say(find("#title"), title);
    say(find("#send"), send);
    say(find("#password-label"), mode === "reset" ? "New password" : "Password");
    if (password) find("#password").autocomplete = password;
    this.#complain(null);
    find(mode === "reset" ? "#code" : "#email").focus();
  }

  async #sent(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(find("#form")));
    given.email = given.email.trim();
    const lacking = missing(this.#mode, given);
    this.#complain(lacking);
    if (lacking) return;
    find("#send").disabled = true;
    try {
      await this.#steps[this.#mode](given);
    } finally {
      find("#send").disabled = false;
    }
  }

  #steps = {
    login: ({ email, password }) => this.#login(email, password),
    register: async ({ email, password, name, role }) => {
      const body = { email, password, role, ...(name.trim() ? { name: name.trim() } : {}) };
      if (await this.#ask("register", body)) await this.#login(email, password);
    },
    ask: async ({ email }) => {
      if (!(await this.#ask("codes", { email, purpose: "password_reset" }))) return;
      this.#choose("reset");
      say(find("#said"), "If this address has an account, a code is on its way to it.");
    },
    reset: async ({ email, code, password }) => {
      if (await this.#ask("password-reset", { email, code, password })) await this.#login(email, password);
    },
  };

  async #login(email, password) {
    const tokens = await this.#ask("login", { email, password });
    if (tokens) await this.#enter(tokens);
  }

  /** The answer, or null once the problem was said. */
  async #ask(path, body) {
    const { status, content } = await call(path, body);
    if (status >= 200 && status < 300) return content;
    this.#complain({ field: content?.field ?? "", words: content?.detail ?? `The server answered ${status}.` });
    return null;
  }

  #complain(problem) {
    say(find("#problem"), problem?.words ?? "");
    if (!problem) say(find("#said"), "");
    for (const input of find("#form").querySelectorAll("input")) input.setAttribute("aria-invalid", String(input.name === problem?.field));
    if (problem?.field) find(`#${problem.field}`)?.focus();
  }

  /** On to the page of the role. Customers go to the order they came for, or theirs; without one they stay, and see what there is. */
  async #enter(tokens) {
    this.#tokens = tokens;
    const { access_token: token, user } = tokens;
    for (const page of EVERY_PAGE) handToken(page, token);
    if (PAGES[user.role]) return location.assign(PAGES[user.role]);
    const { order: wanted } = fragment(location.hash);
    const order = wanted ? { id: wanted } : running((await new Rest(token).get("orders").catch(() => ({ items: [] }))).items);
    if (order) return location.assign(`/track#order=${encodeURIComponent(order.id)}`);
    this.#welcome(user);
  }

  #welcome({ name, email }) {
    say(find("#title"), "Hello");
    say(find("#who"), `${name || email}: you have no order under way.`);
    find("#ways").replaceChildren(el("a", { class: "button", href: "/chat" }, "Messages"));
    for (const [id, visible] of [["#modes", false], ["#form", false], ["#me", true]]) show(find(id), visible);
  }

  /** Back from a provider: the cookie is there, the token is not yet. */
  async #back() {
    const { problem } = fragment(location.hash);
    history.replaceState(null, "", location.pathname);
    if (problem) return this.#complain({ field: "", words: "That did not work. Please try again." });
    const tokens = await resume();
    if (tokens) await this.#enter(tokens);
  }

  async #leave() {
    if (this.#tokens) await leave(this.#tokens.csrf_token);
    for (const page of EVERY_PAGE) forgetToken(page);
    location.reload();
  }

  async #providers() {
    const config = await fetch("/config.json").then((answer) => answer.json()).catch(() => ({}));
    const links = (config.providers ?? []).map((name) =>
      el("a", { class: "button", href: `/api/auth/oauth/${encodeURIComponent(name)}/login`, id: `with-${name}` }, `Go on with ${name}`));
    find("#providers").replaceChildren(...links);
  }
}

new LoginPage().start();
