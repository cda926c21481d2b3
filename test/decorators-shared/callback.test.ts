import { setImmediate } from 'node:timers/promises';
import { currentCall, ServiceException, withFreshConnections } from 'fresh-connections';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { DUPLICATE, driverError, SECRET } from '../standard/core/support/driver-error.js';
import { FakeResource, registered } from '../standard/core/support/fake-resource.js';

const log = collectLog();

type Reply = (error: unknown, ...results: unknown[]) => void;

class Account {
  runs = 0;
  seen: (string | undefined)[] = [];
  owner = 'ann';

  @withFreshConnections()
  balance(id: number, callback: Reply): void {
    this.seen.push(currentCall()?.method);
    setTimeout(() => {
      this.seen.push(currentCall()?.method);
      callback(null, `${this.owner} ${id}`, 'trailer', 7);
    }, 0);
  }

  @withFreshConnections()
  replyWith(...reply: [...unknown[], Reply]): void {
    const callback = reply.pop() as Reply;
    callback(...(reply as [unknown]));
  }

  @withFreshConnections()
  repliesTwice(callback: Reply): void {
    callback(null, 'first');
    callback(null, 'second');
    callback(driverError());
  }

  @withFreshConnections()
  throws(_callback: Reply): void {
    throw new Error(SECRET);
  }

  @withFreshConnections()
  rejects(_callback: Reply): Promise<void> {
    return Promise.reject(driverError(DUPLICATE));
  }

  @withFreshConnections({ idempotent: true })
  flaky(callback: Reply): void {
    this.runs += 1;
    const { runs } = this;
    setTimeout(() => (runs === 1 ? callback(driverError()) : callback(null, runs)), 0);
  }

  @withFreshConnections({ timeoutMs: 1 })
  neverReplies(_callback: Reply): void {}

  @withFreshConnections()
  async forEach(ids: number[], visit: (id: number) => string): Promise<string[]> {
    return ids.map(visit);
  }
}

/** What a callback is given. */
function replyOf(invoke: (callback: Reply) => void): Promise<unknown[]> {
  return new Promise((resolve) => invoke((...reply) => resolve(reply)));
}

describe('a decorated method in callback style', () => {
  it('runs as a call, and hands on all that it replies with', async () => {
    const { asked } = registered(new FakeResource());
    const account = new Account();
    const reply = await replyOf((callback) => account.balance(7, callback));
    expect(reply).toEqual([null, 'ann 7', 'trailer', 7]);
    expect(account.seen).toEqual(['Account.balance', 'Account.balance']);
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('keeps its length, its name and its type, and returns nothing', async () => {
    expect(Account.prototype.balance).toHaveLength(2);
    expect(Account.prototype.balance.name).toBe('balance');
    expectTypeOf<Account['balance']>().toEqualTypeOf<(id: number, callback: Reply) => void>();
    await replyOf((callback) => expect(new Account().balance(7, callback)).toBeUndefined());
  });

  it('runs its callback outside of the call', async () => {
    const inside = await new Promise((resolve) => {
      new Account().balance(7, () => resolve(currentCall()));
    });
    expect(inside).toBeUndefined();
  });

  it.each([[[null, 'value']], [[undefined, 'value']], [[undefined]], [[]]])(
    'takes %j for success',
    async (reply) => {
      const replied = await replyOf((callback) => new Account().replyWith(...(reply as unknown[]), callback));
      expect(replied).toEqual(reply.length === 0 ? [undefined] : reply);
    },
  );

  it.each([
    [SECRET],
    [{ code: 5, details: SECRET }],
    [new Error(SECRET)],
    [driverError()],
    [false],
    [0],
    [''],
  ])('replies with a ServiceException instead of %j', async (error) => {
    const [exception, ...rest] = await replyOf((callback) => new Account().replyWith(error, callback));
    expect(exception).toBeInstanceOf(ServiceException);
    expect(JSON.stringify(exception)).not.toContain(SECRET);
    expect(rest).toEqual([]);
  });

  it("passes an author's exception on as it is", async () => {
    const refusal = new ServiceException('NOT_FOUND', 'no such account');
    expect(await replyOf((callback) => new Account().replyWith(refusal, callback))).toEqual([refusal]);
  });

  it('replies once when its handler calls back twice, and with the first', async () => {
    const callback = vi.fn();
    new Account().repliesTwice(callback);
    await setImmediate();
    await setImmediate();
    expect(callback).toHaveBeenCalledExactlyOnceWith(null, 'first');
  });

  it('replies with a ServiceException when its handler throws', async () => {
    const [exception] = await replyOf((callback) => new Account().throws(callback));
    expect(exception).toMatchObject({ status: 'INTERNAL', message: 'internal error' });
  });

  it('replies with a ServiceException when its handler rejects', async () => {
    const [exception] = await replyOf((callback) => void new Account().rejects(callback));
    expect(exception).toMatchObject({ status: 'ALREADY_EXISTS', message: 'it exists already' });
  });

  it('runs again by its options', async () => {
    expect(await replyOf((callback) => new Account().flaky(callback))).toEqual([null, 2]);
  });

  it('replies at its deadline when the handler does not', async () => {
    const [exception] = await replyOf((callback) => new Account().neverReplies(callback));
    expect(exception).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('logs that the callback of its caller threw: nobody else would hear', async () => {
    for (const invoke of [
      (callback: Reply) => new Account().replyWith(null, 'value', callback),
      (callback: Reply) => new Account().throws(callback),
    ]) {
      await replyOf((callback) =>
        invoke((...reply) => {
          callback(...reply);
          throw new Error('it does not serialize');
        }),
      );
    }
    await setImmediate();
    const threw = log.filter(({ message }) => message === 'a callback threw');
    expect(threw.map(({ fields }) => [fields.method, fields.text])).toEqual([
      ['Account.replyWith', 'it does not serialize'],
      ['Account.throws', 'it does not serialize'],
    ]);
  });

  it('is none when it is async: a function among its arguments is then its own affair', async () => {
    expect(await new Account().forEach([1, 2], (id) => `#${id}`)).toEqual(['#1', '#2']);
  });
});
