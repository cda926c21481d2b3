import { setImmediate } from 'node:timers/promises';
import { type Call, currentCall, runCall } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

describe('the scope of a call', () => {
  it('is what currentCall() finds, and the work is given', async () => {
    expect(currentCall()).toBeUndefined();
    await runCall({ method: 'Job.run' }, (call) => {
      expect(currentCall()).toBe(call);
      expect(call.method).toBe('Job.run');
      expect(call.parent).toBeUndefined();
      expect(call.root).toBe(call);
    });
    expect(currentCall()).toBeUndefined();
  });

  it('holds across awaits and timers, and is not that of a call beside it', async () => {
    const seen = async (call: Call): Promise<boolean> => {
      await setImmediate();
      return currentCall() === call;
    };
    expect(await Promise.all([runCall({}, seen), runCall({}, seen)])).toEqual([true, true]);
  });

  it('gives a call inside another one the id, the budget and the root of the outer', async () => {
    await runCall({ method: 'outer' }, async (outer) => {
      await runCall({ method: 'inner', maxAttempts: 50 }, (inner) => {
        expect(inner.parent).toBe(outer);
        expect(inner.root).toBe(outer);
        expect(inner.id).toBe(outer.id);
        expect(inner.budget).toBe(outer.budget);
        expect(currentCall()).toBe(inner);
      });
      expect(currentCall()).toBe(outer);
    });
  });

  it('has an id of its own for each outermost call, the same each time it is asked', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i += 1) {
      await runCall({}, (call) => {
        expect(call.id).toBe(call.id);
        ids.add(call.id);
      });
    }
    expect(ids.size).toBe(3);
  });

  it('resolves with what the work returns, be it a promise or not', async () => {
    expect(await runCall({}, () => 7)).toBe(7);
    expect(await runCall({}, async () => 7)).toBe(7);
  });

  it('is called "call" unless it is given a name', async () => {
    expect(await runCall({}, ({ method }) => method)).toBe('call');
  });
});
