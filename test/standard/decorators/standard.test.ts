import { currentCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

describe('the TC39 dialect', () => {
  it('decorates a private method', async () => {
    class Account {
      @withFreshConnections()
      async #secret(): Promise<string | undefined> {
        return currentCall()?.method;
      }
      reveal(): Promise<string | undefined> {
        return this.#secret();
      }
    }
    expect(await new Account().reveal()).toBe('Account.#secret');
  });

  it('decorates a method whose name is a symbol', async () => {
    const key = Symbol('key');
    class Account {
      @withFreshConnections()
      async [key](): Promise<string | undefined> {
        return currentCall()?.method;
      }
    }
    expect(await new Account()[key]()).toBe('Account.Symbol(key)');
  });

  it('decorates a class expression', async () => {
    const Account =
      @withFreshConnections()
      class {
        async balance(): Promise<string | undefined> {
          return currentCall()?.method;
        }
      };
    expect(await new Account().balance()).toBe('Account.balance');
  });

  it('refuses an auto-accessor', () => {
    const decorate = (): unknown => {
      class Account {
        // @ts-expect-error: an accessor is no method
        @withFreshConnections()
        accessor balance = 7;
      }
      return Account;
    };
    expect(decorate).toThrow(TypeError);
    expect(decorate).toThrow('not the accessor balance');
  });

  it('stands beside another decorator that wraps the method', async () => {
    const seen: string[] = [];
    const watched =
      (name: string) =>
      <M extends (...args: never[]) => unknown>(method: M, _context: ClassMethodDecoratorContext): M =>
        function (this: unknown, ...args: never[]): unknown {
          seen.push(`${name} ${currentCall() === undefined ? 'outside' : 'inside'}`);
          return method.apply(this, args);
        } as M;
    class Account {
      @watched('above')
      @withFreshConnections()
      @watched('below')
      async balance(): Promise<number> {
        return 7;
      }
    }
    expect(await new Account().balance()).toBe(7);
    expect(seen).toEqual(['above outside', 'below inside']);
  });
});
