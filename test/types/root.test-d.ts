import {
  addCallHooks,
  type Call,
  connections,
  currentCall,
  type Failure,
  failureOf,
  Reason,
  type Resource,
  runCall,
  ServiceException,
  Status,
  type StatusCode,
  setLogger,
  skipFreshConnections,
  withFreshConnections,
} from 'fresh-connections';
import { describe, expectTypeOf, it } from 'vitest';

/** Never run: the compiler is the test, `tsc -p .`. Decorators in the legacy dialect: test/legacy. */
describe('types of the TC39 dialect', () => {
  it('keep the type of a method', () => {
    class Account {
      @withFreshConnections({ idempotent: true, transaction: { isolation: 'serializable', readOnly: true } })
      async balance<T extends string>(id: T, ...rest: number[]): Promise<T> {
        return rest.length > 0 ? id : id;
      }
      @withFreshConnections
      async *list(): AsyncGenerator<number, string, boolean> {
        return (yield 7) ? 'yes' : 'no';
      }
      @withFreshConnections()
      callback(_id: number, _callback: (error: unknown, value?: number) => void): void {}
      @skipFreshConnections()
      plain(): number {
        return 7;
      }
    }
    const account = new Account();
    expectTypeOf(account.balance('a' as const)).toEqualTypeOf<Promise<'a'>>();
    expectTypeOf(account.list()).toEqualTypeOf<AsyncGenerator<number, string, boolean>>();
    expectTypeOf(account.plain()).toEqualTypeOf<number>();
    expectTypeOf<Account['callback']>().toEqualTypeOf<
      (id: number, callback: (error: unknown, value?: number) => void) => void
    >();
  });

  it('refuse what is no handler, and options that there are not', () => {
    class Refused {
      // @ts-expect-error: a plain result could not wait
      @withFreshConnections()
      plain(): number {
        return 7;
      }
      // @ts-expect-error: a field is no method
      @withFreshConnections
      field = async (): Promise<void> => undefined;
      // @ts-expect-error: a getter is no method, even if it gives one
      @withFreshConnections()
      get getter(): () => Promise<void> {
        return async () => undefined;
      }
      // @ts-expect-error: a setter is no method
      @withFreshConnections()
      set setter(_value: number) {}
      // @ts-expect-error: an accessor is no method
      @withFreshConnections()
      accessor automatic = 7;
      // @ts-expect-error: a misspelt option
      @withFreshConnections({ idempotant: true })
      async misspelt(): Promise<void> {}
      // @ts-expect-error: an isolation level that there is not
      @withFreshConnections({ transaction: { isolation: 'snapshot' } })
      async isolated(): Promise<void> {}
      // @ts-expect-error: a field is no method
      @skipFreshConnections
      skipped = 7;
    }
    // @ts-expect-error: a class is no method
    @skipFreshConnections
    class Skipped {}
    expectTypeOf<Refused | Skipped>().toBeObject();
  });
});

describe('types of the root', () => {
  it('say what runCall gives', () => {
    expectTypeOf(runCall({}, async () => 7)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(runCall({}, () => 'text')).toEqualTypeOf<Promise<string>>();
    expectTypeOf(currentCall()).toEqualTypeOf<Call | undefined>();
    // @ts-expect-error: an unknown option
    void runCall({ retries: 3 }, () => 7);
    // @ts-expect-error: not a signal
    void runCall({ signal: 'SIGTERM' }, () => 7);
  });

  it('narrow by status and reason', () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account');
    expectTypeOf(exception.code).toEqualTypeOf<StatusCode>();
    expectTypeOf(Status.UNAVAILABLE).toEqualTypeOf<14>();
    expectTypeOf(Reason.DEADLOCK).toEqualTypeOf<'DEADLOCK'>();
    expectTypeOf(failureOf(exception)).toEqualTypeOf<Failure | undefined>();
    expectTypeOf(connections.get('default')).toEqualTypeOf<Resource | undefined>();
    // @ts-expect-error: OK is no failure
    new ServiceException('OK', '');
    // @ts-expect-error: there is no such status
    new ServiceException('NOT_THERE', '');
    // @ts-expect-error: what a client was told does not change
    exception.status = 'INTERNAL';
  });

  it('take any logger of pino’s shape, and hooks in part', () => {
    const quiet = (): void => undefined;
    setLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet });
    // @ts-expect-error: error is missing
    setLogger({ debug: quiet, info: quiet, warn: quiet });
    expectTypeOf(addCallHooks({ finish: (_call, { durationMs }) => durationMs })).toEqualTypeOf<() => void>();
  });
});
