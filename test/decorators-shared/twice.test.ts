import { addCallHooks, type Call, currentCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { driverError } from '../standard/core/support/driver-error.js';
import { FakeResource, registered } from '../standard/core/support/fake-resource.js';
import { exceptionOf } from '../standard/core/support/rejection.js';

collectLog();

/** How many calls are around this code. */
function depth(): number {
  let calls = 0;
  for (let call: Call | undefined = currentCall(); call !== undefined; call = call.parent) calls += 1;
  return calls;
}

@withFreshConnections({ idempotent: true, maxAttempts: 5 })
class Account {
  runs = 0;

  @withFreshConnections()
  @withFreshConnections({ idempotent: true })
  @withFreshConnections
  async depth(): Promise<number> {
    return depth();
  }

  @withFreshConnections({ idempotent: false, maxAttempts: 4 })
  @withFreshConnections({ idempotent: true })
  async merged(): Promise<void> {
    this.runs += 1;
    throw driverError();
  }

  @withFreshConnections({ idempotent: true })
  @withFreshConnections({ idempotent: false })
  async nearest(): Promise<void> {
    this.runs += 1;
    throw driverError();
  }

  @withFreshConnections({ timeoutMs: 60_000 })
  async ofClassToo(): Promise<void> {
    this.runs += 1;
    expect(currentCall()?.remainingMs).toBeLessThanOrEqual(60_000);
    throw driverError();
  }
}

describe('wrapping twice', () => {
  it('is wrapping once: there is one call', async () => {
    const { asked } = registered(new FakeResource());
    let starts = 0;
    onTestFinished(
      addCallHooks({
        start: () => {
          starts += 1;
        },
      }),
    );
    expect(await new Account().depth()).toBe(1);
    expect(starts).toBe(1);
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('merges the options: those nearer to the method win', async () => {
    const runsOf = async (name: 'merged' | 'nearest' | 'ofClassToo'): Promise<number> => {
      const account = new Account();
      await exceptionOf(account[name]());
      return account.runs;
    };
    expect(await runsOf('merged')).toBe(4);
    expect(await runsOf('nearest')).toBe(1);
    expect(await runsOf('ofClassToo')).toBe(5);
  });

  it('keeps name and length of the method at the bottom', () => {
    expect(Account.prototype.depth.name).toBe('depth');
    expect(Account.prototype.merged).toHaveLength(0);
  });

  it('of a method that calls another one leaves two calls: those are two methods', async () => {
    class Outer {
      @withFreshConnections()
      async outer(): Promise<number> {
        return new Account().depth();
      }
    }
    expect(await new Outer().outer()).toBe(2);
  });
});
