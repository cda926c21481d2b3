import { describe, expect, it } from 'vitest';
import { backoffMs, CONFLICT_BACKOFF, DIAL_BACKOFF } from '../../../../src/core/repair/backoff.js';
import { Budget } from '../../../../src/core/repair/budget.js';
import { mayRepeat } from '../../../../src/core/repair/may-repeat.js';
import { retryThrottle } from '../../../../src/core/repair/retry-throttle.js';
import { DEADLOCK, LOST } from '../support/driver-error.js';

const ALMOST_1 = 1 - Number.EPSILON;

describe('the backoff', () => {
  it.each([
    ['of dials', DIAL_BACKOFF, 8, 512],
    ['of conflicts', CONFLICT_BACKOFF, 2, 64],
  ])('%s doubles from %j, between half and the whole of each step', (_, backoff, minMs, maxMs) => {
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      const step = Math.min(maxMs, minMs * 2 ** (attempt - 1));
      expect(backoffMs(backoff, attempt, 0)).toBe(step / 2);
      expect(backoffMs(backoff, attempt, 0.5)).toBe(step * 0.75);
      expect(backoffMs(backoff, attempt, ALMOST_1)).toBeCloseTo(step);
    }
  });

  it('stays finite after any number of attempts', () => {
    expect(backoffMs(DIAL_BACKOFF, 10_000, ALMOST_1)).toBeCloseTo(512);
    expect(backoffMs({ minMs: 1, maxMs: Number.POSITIVE_INFINITY }, 10_000, 0)).toBe(2 ** 29);
  });

  it('is at random when nobody says otherwise', () => {
    const delays = Array.from({ length: 50 }, () => backoffMs(DIAL_BACKOFF, 1));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...delays)).toBeLessThanOrEqual(8);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });
});

describe('the one rule of repair', () => {
  it.each([
    // transient, outcome, idempotent, names a delay → repeat
    [true, 'none', false, false, true],
    [true, 'none', true, false, true],
    [true, 'unknown', false, false, false],
    [true, 'unknown', true, false, true],
    [false, 'none', false, false, false],
    [false, 'none', true, false, false],
    [false, 'unknown', false, false, false],
    [false, 'unknown', true, false, false],
    [true, 'none', false, true, false],
    [true, 'none', true, true, false],
    [true, 'unknown', false, true, false],
    [true, 'unknown', true, true, false],
    [false, 'none', true, true, false],
  ] as const)(
    'transient %s, outcome %s, idempotent %s, delay %s: repeat %s',
    (transient, outcome, idempotent, delayed, repeat) => {
      const failure = { ...LOST, transient, outcome, ...(delayed ? { retryAfterMs: 0 } : {}) };
      expect(mayRepeat(failure, idempotent)).toBe(repeat);
    },
  );

  it('does not ask whether the connection is gone', () => {
    for (const fatal of [true, false]) expect(mayRepeat({ ...LOST, fatal }, false)).toBe(true);
  });
});

describe('a budget', () => {
  it('holds one repeat less than attempts, three of those by default', () => {
    for (const [attempts, repeats] of [
      [undefined, 2],
      [1, 0],
      [2, 1],
      [10, 9],
    ] as const) {
      const budget = new Budget(attempts);
      let taken = 0;
      while (budget.take(Number.POSITIVE_INFINITY)) taken += 1;
      expect(taken).toBe(repeats);
      expect(budget.repeats).toBe(repeats);
    }
  });

  it('gives nothing once the deadline has passed, and keeps what it has', () => {
    const budget = new Budget(2);
    expect(budget.take(performance.now())).toBe(false);
    expect(budget.repeats).toBe(0);
    expect(budget.take(performance.now() + 60_000)).toBe(true);
  });

  it('gives nothing in a retry storm, but for conflicts: whoever reports those is well', () => {
    while (retryThrottle.take());
    const endless = new Budget(10);
    expect(endless.take(Number.POSITIVE_INFINITY, LOST)).toBe(false);
    expect(endless.take(Number.POSITIVE_INFINITY, DEADLOCK)).toBe(true);
    for (let i = 0; i < 20_000; i += 1) retryThrottle.refill();
    expect(endless.take(Number.POSITIVE_INFINITY, LOST)).toBe(true);
  });
});
