import { setImmediate } from 'node:timers/promises';
import { currentCall, runCall, ServiceException, withFreshConnections } from 'fresh-connections';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { driverError, SECRET } from '../standard/core/support/driver-error.js';
import { FakeResource, registered } from '../standard/core/support/fake-resource.js';
import { exceptionOf, rejection } from '../standard/core/support/rejection.js';

collectLog();

class Account {
  readonly owner: string;
  runs = 0;

  constructor(owner = 'ann') {
    this.owner = owner;
  }

  @withFreshConnections
  async bare(id: number): Promise<string> {
    await setImmediate();
    return `${this.owner} ${id} ${currentCall()?.method}`;
  }

  @withFreshConnections()
  async empty(id: number): Promise<string> {
    return `${this.owner} ${id} ${currentCall()?.method}`;
  }

  @withFreshConnections({ idempotent: true, maxAttempts: 2 })
  async flaky(times: number): Promise<number> {
    this.runs += 1;
    if (this.runs <= times) throw driverError();
    return this.runs;
  }

  @withFreshConnections({ idempotent: true })
  flakyWithoutAsync(times: number): Promise<number> {
    this.runs += 1;
    return this.runs <= times ? Promise.reject(driverError()) : Promise.resolve(this.runs);
  }

  @withFreshConnections()
  throwsAtOnce(): Promise<number> {
    throw new Error(SECRET);
  }

  @withFreshConnections()
  async fails(error: unknown): Promise<never> {
    throw error;
  }

  @withFreshConnections({ timeoutMs: 1 })
  async neverEnds(): Promise<void> {
    await new Promise(() => undefined);
  }

  @withFreshConnections({ as: ({ reason }) => ({ declared: reason }) })
  async declares(): Promise<void> {
    throw driverError();
  }

  @withFreshConnections({ idempotent: true })
  async twice(name: string): Promise<string[]> {
    return [currentCall()?.method ?? '', await this.bare(7), name];
  }

  @withFreshConnections()
  async many(_first: number, _second = 2, ..._rest: string[]): Promise<void> {}

  @withFreshConnections()
  withoutAsync(): Promise<string | undefined> {
    return Promise.reject(driverError());
  }

  @withFreshConnections()
  static async open(id: number): Promise<string> {
    return `${id} ${currentCall()?.method}`;
  }
}

describe('a decorated method that returns a promise', () => {
  it.each(['bare', 'empty'] as const)(
    'runs as a call that is named after class and method (%s)',
    async (name) => {
      const { asked } = registered(new FakeResource());
      expect(await new Account()[name](7)).toBe(`ann 7 Account.${name}`);
      expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
    },
  );

  it('may be static', async () => {
    expect(await Account.open(7)).toBe('7 Account.open');
  });

  it('keeps its own name, length and this', async () => {
    expect(Account.prototype.bare.name).toBe('bare');
    expect(Account.prototype.bare).toHaveLength(1);
    expect(Account.prototype.many.name).toBe('many');
    expect(Account.prototype.many).toHaveLength(1);
    expect(Account.open.name).toBe('open');
    const detached = new Account('bob').bare;
    expect(await detached.call(new Account('eve'), 7)).toBe('eve 7 Account.bare');
  });

  it('stays a method: not enumerable, but configurable and writable', () => {
    expect(Object.getOwnPropertyDescriptor(Account.prototype, 'bare')).toMatchObject({
      enumerable: false,
      configurable: true,
      writable: true,
    });
    expect(Object.keys(new Account())).not.toContain('bare');
  });

  it('keeps its type', () => {
    expectTypeOf<Account['bare']>().toEqualTypeOf<(id: number) => Promise<string>>();
    expectTypeOf<Account['many']>().toEqualTypeOf<
      (first: number, second?: number, ...rest: string[]) => Promise<void>
    >();
    expectTypeOf(Account.open).toEqualTypeOf<(id: number) => Promise<string>>();
  });

  it.each(['flaky', 'flakyWithoutAsync'] as const)('runs again by its options (%s)', async (name) => {
    expect(await new Account()[name](1)).toBe(2);
  });

  it('runs no more often than its options say', async () => {
    const account = new Account();
    expect(await exceptionOf(account.flaky(9))).toMatchObject({ reason: 'CONNECTION_LOST', retryable: true });
    expect(account.runs).toBe(2);
  });

  it('rejects with a ServiceException, whatever the handler throws', async () => {
    for (const error of [undefined, null, SECRET, { text: SECRET }, new Error(SECRET), driverError()]) {
      const exception = await exceptionOf(new Account().fails(error));
      expect(JSON.stringify([exception, exception.message])).not.toContain(SECRET);
      expect(exception.cause).toBe(error);
    }
  });

  it("passes an author's exception on as it is", async () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account');
    expect(await rejection(new Account().fails(exception))).toBe(exception);
  });

  it('throws a ServiceException at once where the method itself throws at once', () => {
    let thrown: unknown;
    try {
      void new Account().throwsAtOnce();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServiceException);
    expect(thrown).toMatchObject({ status: 'INTERNAL', message: 'internal error' });
  });

  it('has the deadline of its options', async () => {
    expect(await exceptionOf(new Account().neverEnds())).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('throws what its converter makes of the exception', async () => {
    expect(await rejection(new Account().declares())).toEqual({ declared: 'CONNECTION_LOST' });
  });

  it('may call another one, which is a call of its own inside the same', async () => {
    const { asked } = registered(new FakeResource());
    expect(await new Account().twice('x')).toEqual(['Account.twice', 'ann 7 Account.bare', 'x']);
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('inside a call that was aborted leaves no rejection to stray', async () => {
    const controller = new AbortController();
    const running = exceptionOf(
      runCall({ signal: controller.signal }, async () => {
        controller.abort();
        expect(await exceptionOf(new Account().withoutAsync())).toMatchObject({ status: 'CANCELLED' });
      }),
    );
    expect(await running).toMatchObject({ status: 'CANCELLED' });
  });

  it('is named by its method alone on an object that has no class', async () => {
    const plain = { owner: 'ann', bare: Account.prototype.bare };
    expect(await plain.bare(7)).toBe('ann 7 bare');
    const { bare } = Account.prototype;
    expect(await bare.call(Object.create(null), 7)).toBe('undefined 7 bare');
  });
});
