import { currentCall, ServiceException, skipFreshConnections, withFreshConnections } from 'fresh-connections';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { driverError } from '../standard/core/support/driver-error.js';
import { exceptionOf } from '../standard/core/support/rejection.js';

collectLog();

const unique: unique symbol = Symbol('unique');

@withFreshConnections({ idempotent: true })
class Account {
  readonly owner: string;
  runs = 0;
  arrow = async (): Promise<string | undefined> => currentCall()?.method;

  constructor(owner: string) {
    this.owner = owner;
  }

  static async helper(): Promise<string | undefined> {
    return currentCall()?.method;
  }

  async balance(id: number): Promise<string> {
    return `${this.owner} ${id} ${currentCall()?.method}`;
  }

  async flaky(): Promise<number> {
    this.runs += 1;
    if (this.runs === 1) throw driverError();
    return this.runs;
  }

  async *list(): AsyncGenerator<string | undefined> {
    yield currentCall()?.method;
  }

  replies(callback: (error: unknown, method?: string) => void): void {
    callback(null, currentCall()?.method);
  }

  sync(id: number): string {
    return `${this.owner} ${id} ${currentCall()?.method}`;
  }

  syncThrows(): number {
    throw new Error('a bug');
  }

  *counts(): Generator<number> {
    yield 1;
    yield 2;
  }

  async [unique](): Promise<string | undefined> {
    return currentCall()?.method;
  }

  get doubled(): string {
    return this.owner + this.owner;
  }

  set renamed(_name: string) {}

  @skipFreshConnections
  async skipped(): Promise<string | undefined> {
    return currentCall()?.method;
  }

  @skipFreshConnections()
  async skippedToo(): Promise<string | undefined> {
    throw driverError();
  }

  @withFreshConnections({ idempotent: false, maxAttempts: 9 })
  async nearest(): Promise<void> {
    this.runs += 1;
    throw driverError();
  }
}

describe('a decorated class', () => {
  const account = (): Account => new Account('ann');

  it('runs each of its methods as a call, by the options of the class', async () => {
    expect(await account().balance(7)).toBe('ann 7 Account.balance');
    expect(await account().flaky()).toBe(2);
    expect(await account()[unique]()).toBe('Account.Symbol(unique)');
    for await (const method of account().list()) expect(method).toBe('Account.list');
    expect(await new Promise((resolve) => account().replies((_, method) => resolve(method)))).toBe(
      'Account.replies',
    );
  });

  it('is the same class still', () => {
    expect(account()).toBeInstanceOf(Account);
    expect(account().constructor).toBe(Account);
    expect(Account.name).toBe('Account');
    expect(Account).toHaveLength(1);
    expectTypeOf(Account).toBeConstructibleWith('ann');
    expectTypeOf<Account['balance']>().toEqualTypeOf<(id: number) => Promise<string>>();
  });

  it('keeps names, lengths and property descriptors of its methods', () => {
    expect(Account.prototype.balance.name).toBe('balance');
    expect(Account.prototype.balance).toHaveLength(1);
    expect(Object.keys(Account.prototype)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(Account.prototype, 'balance')).toMatchObject({
      writable: true,
      configurable: true,
      enumerable: false,
    });
  });

  it('leaves a synchronous method synchronous', () => {
    expect(account().sync(7)).toBe('ann 7 Account.sync');
    expect([...account().counts()]).toEqual([1, 2]);
    expect(() => account().syncThrows()).toThrow(ServiceException);
  });

  it('leaves accessors, fields and static methods as they are', async () => {
    expect(account().doubled).toBe('annann');
    expect(await account().arrow()).toBeUndefined();
    expect(await Account.helper()).toBeUndefined();
  });

  it('leaves out what is to be skipped, with parentheses and without', async () => {
    expect(await account().skipped()).toBeUndefined();
    await expect(account().skippedToo()).rejects.not.toBeInstanceOf(ServiceException);
  });

  it('yields to the options of a single method', async () => {
    const one = account();
    await exceptionOf(one.nearest());
    expect(one.runs).toBe(1);
  });

  it('does not reach the methods that a subclass adds, and is not undone by it', async () => {
    class Savings extends Account {
      async interest(): Promise<string | undefined> {
        return currentCall()?.method;
      }
      override async balance(id: number): Promise<string> {
        return `${currentCall()?.method} > ${await super.balance(id)}`;
      }
    }
    const savings = new Savings('ann');
    expect(await savings.interest()).toBeUndefined();
    expect(await savings.balance(7)).toBe('undefined > ann 7 Savings.balance');
  });

  it('may be decorated without parentheses', async () => {
    @withFreshConnections
    class Bare {
      async method(): Promise<string | undefined> {
        return currentCall()?.method;
      }
    }
    expect(await new Bare().method()).toBe('Bare.method');
  });

  it('of which all methods are skipped is a handler all the same', async () => {
    @withFreshConnections()
    class Skips {
      @skipFreshConnections
      async method(): Promise<string | undefined> {
        return currentCall()?.method;
      }
    }
    expect(await new Skips().method()).toBeUndefined();
  });
});
