/** What the sign-in form asks for and says. Pure. */

/** Mode → title, word on the button, what a password manager is told about the password. */
export const MODES = {
  login: { title: "Sign in", send: "Sign in", password: "current-password" },
  register: { title: "New here", send: "Create my account", password: "new-password" },
  ask: { title: "Forgot your password?", send: "Send me a code" },
  reset: { title: "Set a new password", send: "Set the password", password: "new-password" },
};

/** Role → the page it works on. */
export const PAGES = { vendor: "/vendor", rider: "/ride", dispatcher: "/dispatch", admin: "/dispatch" };

/** Whether a page is for this role: those that one role works on are for no other. Pure. */
export const isFor = (page, role) => !Object.values(PAGES).includes(`/${page}`) || PAGES[role] === `/${page}`;

const SHORTEST = 8;

/** The first thing that is missing, as {field, words}, or null. The server looks again and more closely. */
export function missing(mode, { email, password, code }) {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return { field: "email", words: "Please enter your e-mail address." };
  if (mode === "reset" && !/^\d{6}$/.test(code)) return { field: "code", words: "The code has six digits." };
  if (mode === "login" && !password) return { field: "password", words: "Please enter your password." };
  if ((mode === "register" || mode === "reset") && password.length < SHORTEST)
    return { field: "password", words: `Please take at least ${SHORTEST} characters.` };
  return null;
}

/** Where a customer goes on: the newest order under way, or nowhere. */
export function running(orders) {
  return orders.find(({ status }) => status !== "delivered" && status !== "cancelled") ?? null;
}
