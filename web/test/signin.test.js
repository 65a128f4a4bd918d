import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES, isFor, missing, running } from "../src/signin/form.js";

const GOOD = { email: "ana@shop.example", password: "violet-anchor-42", code: "042137" };

test("a whole form lacks nothing, whatever it is for", () => {
  assert.deepEqual(Object.keys(MODES).map((mode) => missing(mode, GOOD)), [null, null, null, null]);
});

test("the first thing that is missing is named, and only what the mode asks for", () => {
  assert.equal(missing("login", { ...GOOD, email: "ana" }).field, "email");
  assert.equal(missing("login", { ...GOOD, password: "" }).field, "password");
  assert.equal(missing("login", { ...GOOD, password: "old" }), null);
  assert.equal(missing("register", { ...GOOD, password: "short" }).field, "password");
  assert.equal(missing("reset", { ...GOOD, code: "42" }).field, "code");
  assert.equal(missing("ask", { ...GOOD, password: "", code: "" }), null);
});

test("a page that one role works on is for no other", () => {
  assert.deepEqual(["track", "chat", "vendor", "ride"].filter((page) => isFor(page, "customer")), ["track", "chat"]);
  assert.ok(isFor("vendor", "vendor") && isFor("dispatch", "dispatcher") && isFor("dispatch", "admin"));
  assert.ok(!isFor("vendor", "rider"));
});

test("a customer goes on to the newest order under way", () => {
  const orders = [{ id: "3", status: "cancelled" }, { id: "2", status: "arriving" }, { id: "1", status: "ready" }];
  assert.equal(running(orders).id, "2");
  assert.equal(running([{ id: "1", status: "delivered" }]), null);
});
