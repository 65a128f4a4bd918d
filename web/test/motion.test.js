/** A marker runs late on purpose, never jumps, never stands while fixes come, and never guesses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { distance_m } from "../src/geo.js";
import { DELAY_MS, Motion } from "../src/motion.js";

const at = (metres, ts, more = {}) => ({ lat: 41.15 + metres / 111_195, lng: -8.61, ts, ...more });
const north = (place) => Math.round((place.lat - 41.15) * 111_195);

function dice(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

test("before the first fix there is nothing to draw; the first is drawn where it is", () => {
  const motion = new Motion();
  assert.equal(motion.at(0), null);
  motion.add(at(0, 0), 0);
  assert.deepEqual([north(motion.at(0)), motion.at(5_000).moving], [0, false]);
});

test("a step takes the expected interval plus the delay, at an even pace", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add(at(0, 0), 0);
  motion.add(at(40, 2_000), 2_000);
  const whole_ms = 2_000 + DELAY_MS;
  assert.deepEqual([0, 0.25, 0.5, 1].map((share) => north(motion.at(2_000 + share * whole_ms))), [0, 10, 20, 40]);
});

test("points not passed yet are kept and share the time with the new one", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add(at(0, 0), 0);
  motion.add(at(40, 2_000), 2_000);
  motion.add(at(40, 4_000, { lng: -8.6 }), 4_000);
  const middle = motion.at(4_000 + 2_000);
  assert.equal(north(middle), 40);
  assert.ok(Math.abs(middle.lng - -8.61) < 1e-9, "the corner is passed, not cut");
});

test("skipped points after an outage are all passed, evenly", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add(at(0, 0), 0);
  motion.addAll([at(30, 6_000), at(10, 2_000), at(20, 4_000)], 10_000);
  const third_ms = (2_000 + DELAY_MS) / 3;
  assert.deepEqual([1, 2, 3].map((n) => north(motion.at(10_000 + n * third_ms))), [10, 20, 30]);
});

test("an older or equal fix changes nothing", () => {
  const motion = new Motion();
  motion.add(at(0, 5_000), 0);
  assert.equal(motion.add(at(99, 5_000), 10), false);
  assert.equal(motion.add(at(99, 4_000), 10), false);
  assert.equal(north(motion.at(60_000)), 0);
});

test("after the last fix the marker rests there however long nothing comes", () => {
  const motion = new Motion();
  motion.add(at(0, 0), 0);
  motion.add(at(40, 2_000), 2_000);
  assert.deepEqual([north(motion.at(3_600_000)), motion.at(3_600_000).moving], [40, false]);
});

test("a turn goes the short way round north", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add(at(0, 0, { heading: 350 }), 0);
  motion.add(at(20, 2_000, { heading: 10 }), 2_000);
  const seen = Array.from({ length: 50 }, (_, i) => motion.at(2_000 + i * 80).heading);
  assert.ok(seen.every((heading) => heading >= 350 || heading <= 10.000001));
  assert.equal(Math.round(seen.at(-1)), 10);
});

test("without a heading the way travelled says it, and noise does not turn the marker", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add(at(0, 0), 0);
  motion.add(at(-40, 2_000), 2_000);
  assert.equal(Math.round(motion.at(10_000).heading), 180);
  motion.add(at(-39, 4_000), 10_000);
  assert.equal(Math.round(motion.at(20_000).heading), 180);
});

test("the date line is crossed on the short side", () => {
  const motion = new Motion({ interval_ms: 2_000 });
  motion.add({ lat: 0, lng: 179.999, ts: 0 }, 0);
  motion.add({ lat: 0, lng: -179.999, ts: 2_000 }, 0);
  assert.ok(Math.abs(Math.abs(motion.at(2_000).lng) - 180) < 0.001);
});

test("over random rides the marker never jumps, never stands while fixes come, and never leaves the way ridden", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = dice(seed);
    const interval_ms = 1_000 + random() * 4_000;
    const motion = new Motion({ interval_ms });
    let [metres, ts, now] = [0, 0, 0];
    motion.add(at(0, 0), 0);
    let before = motion.at(0);
    for (let fix = 0; fix < 30; fix++) {
      metres += 10 + random() * 15;
      ts += interval_ms;
      const due = ts + random() * 0.6 * DELAY_MS;
      for (; now < due; now += 50) {
        const drawn = motion.at(now);
        const step_m = distance_m(before, drawn);
        assert.ok(step_m < 25, `seed ${seed}: jumped ${step_m} m in 50 ms`);
        assert.ok(fix < 2 || step_m > 0, `seed ${seed}: stood still while fixes came`);
        assert.ok(drawn.lat >= before.lat - 1e-12 && drawn.lat <= at(metres, 0).lat + 1e-12, `seed ${seed}: left the way`);
        before = drawn;
      }
      motion.add(at(metres, ts), now);
      assert.ok(distance_m(before, motion.at(now)) < 5, `seed ${seed}: a new fix moved the marker at once`);
    }
    assert.equal(north(motion.at(now + 60_000)), Math.round(metres));
  }
});
