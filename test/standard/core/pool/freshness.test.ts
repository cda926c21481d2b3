import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../src/core/pool/entry.js';
import {
  type FreshnessContext,
  freshness,
  idleLimit,
  isObsolete,
  obsoleteAt,
  spreadLifetime,
} from '../../../../src/core/pool/freshness.js';

const NOW = 1_000_000;

/** A connection in its best state, proven and idle just now. */
const FRESH: Entry<object> = {
  connection: {},
  expiresAt: NOW + 60_000,
  idleLimitMs: 60_000,
  provenAt: NOW,
  idleSince: NOW,
  evicted: false,
  state: 'idle',
};
const CONTEXT: FreshnessContext = {
  now: NOW,
  aliveBypassMs: 500,
  suspectBefore: Number.NEGATIVE_INFINITY,
  loopSeenAt: NOW,
};

const rule = (entry: Partial<Entry<object>>, context: Partial<FreshnessContext> = {}): string =>
  freshness({ ...FRESH, ...entry }, { ...CONTEXT, ...context });

describe('the rule of freshness', () => {
  it.each([
    ['proven just now', {}, {}, 'take'],
    ['proven at the edge of the bypass', { provenAt: NOW - 500 }, {}, 'take'],
    ['proven before the bypass', { provenAt: NOW - 501 }, {}, 'probe'],
    ['without a bypass, proven a moment ago', { provenAt: NOW - 0.1 }, { aliveBypassMs: 0 }, 'probe'],
    ['proven before the suspicion', { provenAt: NOW - 10 }, { suspectBefore: NOW - 9 }, 'probe'],
    ['proven at the moment of the suspicion', { provenAt: NOW - 10 }, { suspectBefore: NOW - 10 }, 'take'],
    ['while the loop was seen lately', {}, { loopSeenAt: NOW - 5 }, 'take'],
    ['after the loop may have stalled', {}, { loopSeenAt: NOW - 5.1 }, 'look'],
    ['when the loop was never seen', {}, { loopSeenAt: Number.NEGATIVE_INFINITY }, 'look'],
    ['unproven, after a stall', { provenAt: NOW - 501 }, { loopSeenAt: NOW - 100 }, 'probe'],
    ['evicted', { evicted: true }, {}, 'drop'],
    ['at the end of its lifetime', { expiresAt: NOW }, {}, 'drop'],
    ['just before the end of its lifetime', { expiresAt: NOW + 1 }, {}, 'take'],
    ['idle as long as it may', { idleSince: NOW - 60_000 }, {}, 'drop'],
    ['idle not quite so long', { idleSince: NOW - 59_999 }, {}, 'take'],
    ['too old, and suspect too', { expiresAt: NOW, provenAt: 0 }, { suspectBefore: NOW }, 'drop'],
  ] as const)('%s: %j, %j → %s', (_, entry, context, verdict) => {
    expect(rule(entry, context)).toBe(verdict);
  });

  it('knows beforehand when a connection becomes obsolete: by age or by idleness, whichever is first', () => {
    const byAge = { ...FRESH, expiresAt: NOW + 10 };
    const byIdleness = { ...FRESH, idleSince: NOW - 59_980 };
    expect(obsoleteAt(byAge)).toBe(NOW + 10);
    expect(obsoleteAt(byIdleness)).toBe(NOW + 20);
    for (const entry of [byAge, byIdleness]) {
      expect(isObsolete(entry, obsoleteAt(entry) - 1)).toBe(false);
      expect(isObsolete(entry, obsoleteAt(entry))).toBe(true);
    }
  });
});

describe('a lifetime', () => {
  it('is the given one, less up to 2.5 %', () => {
    expect(spreadLifetime(1000, 0)).toBe(1000);
    expect(spreadLifetime(1000, 0.5)).toBe(987.5);
    expect(spreadLifetime(1000, 1 - Number.EPSILON)).toBeCloseTo(975);
    const lifetimes = Array.from({ length: 100 }, () => spreadLifetime(1_800_000));
    expect(Math.min(...lifetimes)).toBeGreaterThanOrEqual(1_755_000);
    expect(Math.max(...lifetimes)).toBeLessThanOrEqual(1_800_000);
    expect(new Set(lifetimes).size).toBeGreaterThan(1);
  });

  it('may be endless', () => {
    expect(spreadLifetime(Number.POSITIVE_INFINITY, 0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the idle limit', () => {
  it("is ours, or a tenth less than the server's where that is lower", () => {
    expect(idleLimit(600_000, Number.POSITIVE_INFINITY)).toBe(600_000);
    expect(idleLimit(600_000, 28_800_000)).toBe(600_000);
    expect(idleLimit(600_000, 1000)).toBe(900);
    expect(idleLimit(Number.POSITIVE_INFINITY, 1000)).toBe(900);
  });
});
