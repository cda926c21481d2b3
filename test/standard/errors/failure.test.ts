import { type Failure, failureOf, Reason } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';
import { recordFailure } from '../../../src/errors/index.js';

const failure: Failure = {
  status: 'ABORTED',
  reason: Reason.DEADLOCK,
  outcome: 'none',
  transient: true,
  fatal: false,
};

describe('failureOf', () => {
  it('finds the verdict that was recorded, and leaves the error as it was', () => {
    const error = new Error('deadlock');
    const before = Reflect.ownKeys(error);
    expect(recordFailure(error, failure)).toBe(error);
    expect(failureOf(error)).toBe(failure);
    expect(Reflect.ownKeys(error)).toEqual(before);
  });

  it.each(['cause', 'original', 'parent', 'driverError'])('finds it through %s, as ORMs wrap', (key) => {
    const inner = recordFailure(new Error('inner'), failure);
    const wrapped = Object.assign(new Error('query failed'), { [key]: inner });
    expect(failureOf(wrapped)).toBe(failure);
    expect(failureOf(Object.assign(new Error('outer'), { cause: wrapped }))).toBe(failure);
  });

  it('prefers the verdict on the error itself to that on what it wraps', () => {
    const inner = recordFailure(new Error('inner'), { ...failure, status: 'INTERNAL' });
    expect(failureOf(recordFailure(new Error('outer', { cause: inner }), failure))).toBe(failure);
  });

  it('ends on an error that wraps itself every way', () => {
    const error: Record<string, unknown> = {};
    Object.assign(error, { cause: error, original: error, parent: error, driverError: error });
    expect(failureOf(error)).toBeUndefined();
  });

  it('looks only so deep', () => {
    let chain: unknown = recordFailure(new Error('innermost'), failure);
    for (let depth = 0; depth < 50; depth += 1) chain = new Error('wrapper', { cause: chain });
    expect(failureOf(chain)).toBeUndefined();
  });

  it.each([undefined, null, 'text', 7, {}, new Error('unknown')])('finds none for %j', (error) => {
    expect(failureOf(error)).toBeUndefined();
  });

  it('ignores that something which is no object cannot carry a verdict', () => {
    expect(recordFailure('text', failure)).toBe('text');
  });

  it('shares the verdicts with another copy of the module', async () => {
    const error = recordFailure(new Error('inner'), failure);
    vi.resetModules();
    const copy = await import('../../../src/errors/failure.js');
    expect(copy.failureOf).not.toBe(failureOf);
    expect(copy.failureOf(error)).toBe(failure);
  });
});
