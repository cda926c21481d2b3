import { type RunCallOptions, runCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';
import { collectLog } from '../support/collect-log.js';
import { FakeResource, FakeTransactionalResource, registered } from '../support/fake-resource.js';
import { exceptionOf } from '../support/rejection.js';

const log = collectLog();

const BAD: readonly (readonly [
  options: unknown,
  kind: typeof TypeError | typeof RangeError,
  ...named: string[],
])[] = [
  [{ idempotant: true }, TypeError, 'unknown option "idempotant"', 'idempotent'],
  [{ retries: 3 }, TypeError, 'unknown option "retries"'],
  [{ idempotent: 'yes' }, TypeError, 'idempotent', '"yes"'],
  [{ idempotent: 1 }, TypeError, 'idempotent', '1'],
  [{ maxAttempts: 0 }, RangeError, 'maxAttempts', 'got 0'],
  [{ maxAttempts: -1 }, RangeError, 'maxAttempts', 'got -1'],
  [{ maxAttempts: 2.5 }, RangeError, 'maxAttempts', 'got 2.5'],
  [{ maxAttempts: 101 }, RangeError, 'maxAttempts', 'got 101'],
  [{ maxAttempts: Number.POSITIVE_INFINITY }, RangeError, 'maxAttempts', 'got Infinity'],
  [{ maxAttempts: '3' }, TypeError, 'maxAttempts', '"3"'],
  [{ maxAttempts: null }, TypeError, 'maxAttempts', 'null'],
  [{ timeoutMs: 0 }, RangeError, 'timeoutMs', 'got 0'],
  [{ timeoutMs: -5 }, RangeError, 'timeoutMs', 'got -5'],
  [{ timeoutMs: Number.NaN }, RangeError, 'timeoutMs', 'got NaN'],
  [{ timeoutMs: '5s' }, TypeError, 'timeoutMs', '"5s"'],
  [{ as: 'ServiceException' }, TypeError, 'as', '"ServiceException"'],
  [{ as: null }, TypeError, 'as', 'null'],
  [{ transaction: 7 }, TypeError, 'transaction', '7'],
  [{ transaction: null }, TypeError, 'transaction', 'null'],
  [{ transaction: { isolation: 'SERIALIZABLE' } }, RangeError, 'isolation', '"SERIALIZABLE"', 'serializable'],
  [{ transaction: { readOnly: 1 } }, TypeError, 'readOnly', '1'],
  [{ transaction: { readonly: true } }, TypeError, 'unknown option "readonly"'],
  [{ transaction: { resource: 7 } }, TypeError, 'resource', '7'],
  [{ transaction: { exactlyOnce: true } }, TypeError, 'unknown option "exactlyOnce"'],
  [{ exactlyOnce: 'yes' }, TypeError, 'exactlyOnce must be true or an object', '"yes"'],
  [{ exactlyOnce: { key: 'a' } }, TypeError, 'unknown option "key"', 'keyOf'],
  [{ exactlyOnce: { keyOf: 'id' } }, TypeError, 'keyOf', '"id"'],
  [{ exactlyOnce: { callerOf: 7 } }, TypeError, 'callerOf', '7'],
  [{ exactlyOnce: { codec: { encode: () => new Uint8Array() } } }, TypeError, 'codec', 'decode'],
  [{ exactlyOnce: true, transaction: false }, TypeError, 'exactlyOnce needs a transaction'],
  [{ exactlyOnce: true, transaction: { readOnly: true } }, TypeError, 'exactlyOnce needs a transaction'],
  ['idempotent', TypeError, 'options must be an object', '"idempotent"'],
  [null, TypeError, 'options must be an object', 'null'],
];

const BAD_FOR_RUN_CALL: typeof BAD = [
  [{ method: 7 }, TypeError, 'method', '7'],
  [{ signal: 'SIGTERM' }, TypeError, 'signal', '"SIGTERM"'],
  [{ signal: {} }, TypeError, 'signal', 'an object'],
  [{ signal: null }, TypeError, 'signal', 'null'],
  [undefined, TypeError, 'options must be an object', 'undefined'],
];

describe('options', () => {
  it.each([...BAD, ...BAD_FOR_RUN_CALL])('%j are refused by runCall', (options, kind, ...named) => {
    const work = vi.fn();
    const refused = (): unknown => runCall(options as RunCallOptions, work);
    expect(refused).toThrow(kind);
    for (const text of ['runCall', ...named]) expect(refused).toThrow(text);
    expect(work).not.toHaveBeenCalled();
  });

  it.each(BAD)(
    '%j are refused by withFreshConnections, before it decorates anything',
    (options, kind, ...named) => {
      const refused = (): unknown => withFreshConnections(options as RunCallOptions);
      expect(refused).toThrow(kind);
      for (const text of ['withFreshConnections', ...named]) expect(refused).toThrow(text);
    },
  );

  it('never show the content of an object', () => {
    const refused = (): unknown => runCall({ as: { password: 'hunter2' } as never }, () => 7);
    expect(refused).toThrow(/got an object$/);
  });

  it('at their bounds are taken', async () => {
    for (const options of [
      { maxAttempts: 1 },
      { maxAttempts: 100 },
      { timeoutMs: 1.5 },
      { timeoutMs: Number.POSITIVE_INFINITY },
      { transaction: false, idempotent: false },
    ]) {
      expect(await runCall(options, () => 7)).toBe(7);
    }
  });
});

describe('the option transaction', () => {
  it('fails the call, and names the resources there are, when there is none of that name', async () => {
    registered(new FakeResource('orders'));
    const work = vi.fn();
    const exception = await exceptionOf(runCall({ transaction: 'accounts' }, work));
    expect(exception.status).toBe('INTERNAL');
    expect(log[0]?.fields.text).toBe('transaction: there is no resource named "accounts"; known: orders');
    expect(work).not.toHaveBeenCalled();
  });

  it('fails the call when the resource has no transactions', async () => {
    registered(new FakeResource('cache'));
    await exceptionOf(runCall({ transaction: { resource: 'cache' } }, () => 7));
    expect(log[0]?.fields.text).toBe('transaction: the resource "cache" has none');
  });

  it('means the resource "default", or else the only one that has transactions', async () => {
    registered(new FakeResource('cache'));
    const orders = registered(new FakeTransactionalResource('orders'));
    expect(await runCall({ transaction: { isolation: 'serializable' } }, () => 7)).toBe(7);
    expect(orders.transactions).toEqual([{ isolation: 'serializable' }]);

    const chosen = registered(new FakeTransactionalResource('default'));
    expect(await runCall({ transaction: true }, () => 7)).toBe(7);
    expect(chosen.transactions).toHaveLength(1);
    expect(orders.transactions).toHaveLength(1);
  });

  it('does not guess between two', async () => {
    registered(new FakeTransactionalResource('a'));
    registered(new FakeTransactionalResource('b'));
    await exceptionOf(runCall({ transaction: true }, () => 7));
    expect(log[0]?.fields.text).toBe('transaction: there is no resource named "default"; known: a, b');
  });

  it('tells that a bug in the handler left nothing behind: it was rolled back', async () => {
    registered(new FakeTransactionalResource());
    const buggy = (): never => {
      throw new Error('a bug');
    };
    expect(await exceptionOf(runCall({ transaction: true }, buggy))).toMatchObject({ outcome: 'none' });
    expect(await exceptionOf(runCall({}, buggy))).toMatchObject({ outcome: 'unknown' });
  });
});
