import { setImmediate } from 'node:timers/promises';
import { addCallHooks, currentCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { driverError, SECRET } from '../standard/core/support/driver-error.js';
import { FakeResource, registered } from '../standard/core/support/fake-resource.js';
import { exceptionOf, rejection } from '../standard/core/support/rejection.js';

collectLog();

class History {
  readonly events: unknown[] = [];

  @withFreshConnections()
  async *list(count: number): AsyncGenerator<number, string, undefined> {
    try {
      for (let i = 1; i <= count; i += 1) {
        this.events.push(currentCall()?.method);
        await setImmediate();
        this.events.push(currentCall()?.method);
        yield i;
      }
      return 'all';
    } finally {
      this.events.push('finally', currentCall()?.method);
    }
  }

  @withFreshConnections({ idempotent: true })
  async *fails(error: unknown): AsyncGenerator<number> {
    this.events.push('run');
    yield 1;
    throw error;
  }

  @withFreshConnections()
  async *echo(): AsyncGenerator<string, string, string> {
    let said = 'nothing';
    try {
      for (;;) said = yield `heard ${said}`;
    } catch (error) {
      this.events.push(error);
      return 'comforted';
    }
  }

  @withFreshConnections()
  async *destructures({ id }: { id: number }): AsyncGenerator<number> {
    yield id;
  }

  @withFreshConnections()
  async *failsToEnd(): AsyncGenerator<number> {
    try {
      yield 1;
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what a failing clean-up does
      throw new Error(SECRET);
    }
  }

  @withFreshConnections({ timeoutMs: 1 })
  async *hangs(gate: Promise<void>): AsyncGenerator<number> {
    try {
      yield 1;
      await gate;
    } finally {
      this.events.push('finally');
    }
  }

  @withFreshConnections()
  handsOut(count: number): AsyncGenerator<number> {
    return this.#numbers(count);
  }

  async *#numbers(count: number): AsyncGenerator<number> {
    for (let i = 1; i <= count; i += 1) {
      await setImmediate();
      this.events.push(currentCall()?.method);
      yield i;
    }
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Counts starts and ends of calls. */
function countCalls(): { open: number; finished: unknown[] } {
  const calls = { open: 0, finished: [] as unknown[] };
  onTestFinished(
    addCallHooks({
      start: () => {
        calls.open += 1;
      },
      finish: (_, { error }) => {
        calls.open -= 1;
        calls.finished.push(error);
      },
    }),
  );
  return calls;
}

describe('a decorated async generator', () => {
  it('is a call from its first step to its end; every step runs in it', async () => {
    const { asked } = registered(new FakeResource());
    const history = new History();
    const list = history.list(2);
    expect(asked).toEqual([]);
    expect(await all(list)).toEqual([1, 2]);
    const name = 'History.list';
    expect(history.events).toEqual([name, name, name, name, 'finally', name]);
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('keeps its name, its length and its type', () => {
    expect(History.prototype.list.name).toBe('list');
    expect(History.prototype.list).toHaveLength(1);
    expectTypeOf<History['list']>().toEqualTypeOf<
      (count: number) => AsyncGenerator<number, string, undefined>
    >();
  });

  it('does not draw its consumer into the call', async () => {
    for await (const _ of new History().list(1)) expect(currentCall()).toBeUndefined();
  });

  it('keeps what it is sent, what it is thrown, and what it returns', async () => {
    const history = new History();
    const echo = history.echo();
    expect(await echo.next('ignored')).toEqual({ done: false, value: 'heard nothing' });
    expect(await echo.next('hello')).toEqual({ done: false, value: 'heard hello' });
    const error = new Error('thrown in');
    expect(await echo.throw(error)).toEqual({ done: true, value: 'comforted' });
    expect(history.events).toEqual([error]);
    const list = history.list(0);
    expect(await list.next()).toEqual({ done: true, value: 'all' });
  });

  it('ends when its consumer abandons it: its finally runs, in the scope of the call', async () => {
    const calls = countCalls();
    const history = new History();
    for await (const item of history.list(9)) if (item === 2) break;
    expect(history.events.slice(-2)).toEqual(['finally', 'History.list']);
    expect(calls).toEqual({ open: 0, finished: [undefined] });
  });

  it('ends when its consumer throws', async () => {
    const history = new History();
    const thrown = await rejection(
      (async () => {
        for await (const _ of history.list(9)) throw new Error('the consumer’s own');
      })(),
    );
    expect(thrown).toMatchObject({ message: 'the consumer’s own' });
    expect(history.events.slice(-2)).toEqual(['finally', 'History.list']);
  });

  it('opens no call when it is abandoned before its first step', async () => {
    const calls = countCalls();
    await new History().list(9).return('');
    expect(calls.finished).toEqual([]);
  });

  it('fails with a ServiceException, and never runs again: what it has yielded is out', async () => {
    const calls = countCalls();
    const history = new History();
    const items = history.fails(driverError());
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const exception = await exceptionOf(items.next());
    expect(exception).toMatchObject({ reason: 'CONNECTION_LOST', message: 'a connection was lost' });
    expect(history.events).toEqual(['run']);
    expect(calls).toEqual({ open: 0, finished: [exception] });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('fails with a ServiceException when its arguments do not fit', async () => {
    const calls = countCalls();
    const exception = await exceptionOf(new History().destructures(undefined as never).next());
    expect(exception.message).toBe('internal error');
    expect(calls).toEqual({ open: 0, finished: [exception] });
  });

  it('fails with a ServiceException when its end fails, and the call is over all the same', async () => {
    const calls = countCalls();
    const items = new History().failsToEnd();
    await items.next();
    const exception = await exceptionOf(items.return(undefined));
    expect(exception.message).toBe('internal error');
    expect(calls).toEqual({ open: 0, finished: [exception] });
  });

  it('ends at its deadline: a step that hangs is not waited for, and its finally runs once it can', async () => {
    const calls = countCalls();
    const history = new History();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const items = history.hangs(gate);
    await items.next();
    expect(await exceptionOf(items.next())).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(calls.open).toBe(0);
    expect(history.events).toEqual([]);
    open();
    await setImmediate();
    expect(history.events).toEqual(['finally']);
  });

  it('ends at its deadline between two steps too', async () => {
    const history = new History();
    const items = history.hangs(new Promise(() => undefined));
    await items.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await exceptionOf(items.next())).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    await setImmediate();
    expect(history.events).toEqual(['finally']);
  });

  it('may be handed out by an ordinary method', async () => {
    const history = new History();
    expect(await all(history.handsOut(2))).toEqual([1, 2]);
    expect(history.events).toEqual(['History.handsOut', 'History.handsOut']);
  });

  it('refuses a transaction, which could not be one from the first step to the last', () => {
    const decorate = (): unknown => {
      class Refused {
        @withFreshConnections({ transaction: true })
        async *list(): AsyncGenerator<number> {
          yield 1;
        }
      }
      return Refused;
    };
    expect(decorate).toThrow(TypeError);
    expect(decorate).toThrow(/list.*async generator.*transaction/);
  });
});
