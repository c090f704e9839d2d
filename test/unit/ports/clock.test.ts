import { expect, it } from 'vitest';
import { steadyClock } from '../../../src/ports/clock.ts';

const HOUR = 3_600_000;

/** A machine whose clock can be set; time passes by `pass`. */
function machine() {
  let wall = 10 * HOUR;
  let elapsed = 0;
  return {
    clock: steadyClock(
      () => wall,
      () => elapsed,
    ),
    set: (ms: number) => (wall = ms),
    pass: (ms: number) => ((wall += ms), (elapsed += ms)),
  };
}

it("shows the machine's time, and follows it forwards at once", () => {
  const { clock, set, pass } = machine();
  expect(clock.nowMs()).toBe(10 * HOUR);
  pass(1_500);
  expect(clock.nowMs()).toBe(10 * HOUR + 1_500);
  set(12 * HOUR);
  expect(clock.nowMs()).toBe(12 * HOUR);
});

it('goes on, and more slowly, when the machine is set back, until the two agree', () => {
  const { clock, set, pass } = machine();
  clock.nowMs();
  set(9 * HOUR);
  expect(clock.nowMs()).toBe(10 * HOUR);
  pass(40_000);
  expect(clock.nowMs()).toBe(10 * HOUR + 30_000);
  pass(4 * HOUR);
  expect(clock.nowMs()).toBe(13 * HOUR + 40_000);
  pass(1_000);
  expect(clock.nowMs()).toBe(13 * HOUR + 41_000);
});

it('does not keep a day that it was shown by mistake', () => {
  const { clock, set, pass } = machine();
  set(365 * 24 * HOUR);
  expect(clock.nowMs()).toBe(365 * 24 * HOUR);
  set(10 * HOUR);
  pass(1_000);
  expect(clock.nowMs()).toBe(10 * HOUR + 1_000);
});

it('begins no earlier than it is told, e.g. after what is recorded already', () => {
  const { clock, pass } = machine();
  clock.notBefore(11 * HOUR);
  expect(clock.nowMs()).toBe(11 * HOUR);
  pass(4_000);
  expect(clock.nowMs()).toBe(11 * HOUR + 3_000);
  clock.notBefore(HOUR);
  expect(clock.nowMs()).toBe(11 * HOUR + 3_000);
});
