import { type Call, runCall, ServiceException } from 'fresh-connections';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TransactionOptions } from '../../../../src/core/registry/resource.js';
import { retryThrottle } from '../../../../src/core/repair/retry-throttle.js';
import { currentTransaction, runTransaction } from '../../../../src/core/transaction/index.js';
import { collectLog } from '../support/collect-log.js';
import { DEADLOCK, DUPLICATE, driverError, IN_DOUBT, LOST } from '../support/driver-error.js';
import { FakeResource, registered } from '../support/fake-resource.js';
import { commitFailure, MemoryHost, type MemoryTransaction } from '../support/memory-host.js';
import { exceptionOf, rejection } from '../support/rejection.js';

collectLog();

function current(host: MemoryHost): MemoryTransaction {
  const transaction = currentTransaction(host);
  if (transaction === undefined) throw new Error('there is no transaction');
  return transaction;
}

/** Work that writes a row and fails in the first runs. */
function insert(host: MemoryHost, ...failures: ((transaction: MemoryTransaction) => void)[]) {
  const work = {
    runs: 0,
    run: async (): Promise<string> => {
      work.runs += 1;
      const transaction = current(host);
      transaction.write(`row of run ${work.runs}`);
      failures[work.runs - 1]?.(transaction);
      return 'done';
    },
  };
  return work;
}

describe('a transaction', () => {
  it('commits what its work wrote, once', async () => {
    const host = new MemoryHost();
    const work = insert(host);
    const options: TransactionOptions = { isolation: 'serializable', readOnly: false };
    expect(await runTransaction(host, options, work.run)).toBe('done');
    expect(host.rows).toEqual(['row of run 1']);
    expect(host.log).toEqual(['begin', 'commit']);
    expect(host.begun).toEqual([options]);
    expect(currentTransaction(host)).toBeUndefined();
  });

  it('is rolled back when its work fails by itself, and the error passes as it is', async () => {
    const host = new MemoryHost();
    for (const error of [new Error('a bug'), new ServiceException('NOT_FOUND', ''), driverError(DUPLICATE)]) {
      const thrown = await rejection(
        runTransaction(host, {}, async () => {
          current(host).write('row');
          throw error;
        }),
      );
      expect(thrown).toBe(error);
    }
    expect(host.rows).toEqual([]);
    expect(host.log).toEqual(['begin', 'rollback', 'begin', 'rollback', 'begin', 'rollback']);
  });

  it.each([
    ['the connection is lost before COMMIT', LOST],
    ['it is the victim of a deadlock', DEADLOCK],
  ])('runs again as a whole when %s', async (_, failure) => {
    const host = new MemoryHost();
    const work = insert(
      host,
      (transaction) => transaction.fail(failure),
      (transaction) => transaction.fail(failure),
    );
    expect(await runTransaction(host, {}, work.run)).toBe('done');
    expect(host.rows).toEqual(['row of run 3']);
    expect(host.log).toEqual(['begin', 'rollback', 'begin', 'rollback', 'begin', 'commit']);
  });

  it('runs again when it could not begin, or COMMIT was surely not written', async () => {
    const host = new MemoryHost();
    host.onBegin = vi.fn().mockImplementationOnce(() => {
      throw driverError(LOST);
    });
    host.onCommit = vi.fn().mockImplementationOnce((transaction) => commitFailure(transaction, LOST));
    const work = insert(host);
    expect(await runTransaction(host, {}, work.run)).toBe('done');
    expect(work.runs).toBe(2);
    expect(host.rows).toEqual(['row of run 2']);
  });

  it('does not run again when the reply to COMMIT was lost', async () => {
    const host = new MemoryHost();
    host.onCommit = (transaction) => commitFailure(transaction, IN_DOUBT);
    const work = insert(host);
    const exception = await exceptionOf(runCall({}, () => runTransaction(host, {}, work.run)));
    expect(work.runs).toBe(1);
    expect(exception).toMatchObject({ status: 'UNKNOWN', reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
  });

  it('does not run again when the failure is not transient, or names a delay', async () => {
    for (const failure of [DUPLICATE, { ...LOST, retryAfterMs: 5 }]) {
      const host = new MemoryHost();
      const work = insert(host, (transaction) => transaction.fail(failure));
      await rejection(runTransaction(host, {}, work.run));
      expect(work.runs).toBe(1);
    }
  });

  it('runs three times at the most, in a call and outside of one', async () => {
    const host = new MemoryHost();
    const deadlock = (transaction: MemoryTransaction): void => transaction.fail(DEADLOCK);
    for (const [attempts, run] of [
      [3, (work: () => Promise<string>) => runTransaction(host, {}, work)],
      [3, (work: () => Promise<string>) => runCall({}, () => runTransaction(host, {}, work))],
      [2, (work: () => Promise<string>) => runCall({ maxAttempts: 2 }, () => runTransaction(host, {}, work))],
      [1, (work: () => Promise<string>) => runCall({ maxAttempts: 1 }, () => runTransaction(host, {}, work))],
    ] as const) {
      const work = insert(host, ...Array.from({ length: 9 }, () => deadlock));
      await rejection(run(work.run));
      expect(work.runs).toBe(attempts);
    }
    expect(host.rows).toEqual([]);
  });

  it('never multiplies its repeats with those of an idempotent call around it', async () => {
    const host = new MemoryHost();
    const work = insert(host, ...Array.from({ length: 9 }, () => (t: MemoryTransaction) => t.fail(LOST)));
    const exception = await exceptionOf(
      runCall({ idempotent: true }, () => runTransaction(host, {}, work.run)),
    );
    expect(work.runs).toBe(3);
    expect(exception).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none', retryable: true });
  });

  it('is not said to be committed when its work swallowed that it was lost', async () => {
    const host = new MemoryHost();
    const work = vi.fn(async () => {
      const transaction = current(host);
      transaction.write('row');
      try {
        transaction.fail({ ...LOST, transient: false });
      } catch {}
      return 'done';
    });
    const error = await rejection(runTransaction(host, {}, work));
    expect(error).toBeInstanceOf(Error);
    expect(host.rows).toEqual([]);
    expect(host.log).toEqual(['begin', 'rollback']);
  });

  it('runs again when its work swallowed a loss that a repeat mends', async () => {
    const host = new MemoryHost();
    let runs = 0;
    await runTransaction(host, {}, async () => {
      runs += 1;
      const transaction = current(host);
      transaction.write(`row of run ${runs}`);
      if (runs > 1) return;
      try {
        transaction.fail(DEADLOCK);
      } catch {}
    });
    expect(host.rows).toEqual(['row of run 2']);
  });

  it('is judged by its loss, whatever its work makes of it', async () => {
    const host = new MemoryHost();
    let runs = 0;
    await runTransaction(host, {}, async () => {
      runs += 1;
      if (runs > 1) return;
      try {
        current(host).fail(DEADLOCK);
      } catch {
        throw new ServiceException('INTERNAL', 'our own words');
      }
    });
    expect(runs).toBe(2);
  });

  it('is not run again after a part of it was committed before its end', async () => {
    const host = new MemoryHost();
    const work = insert(host, (transaction) => {
      transaction.escape();
      transaction.fail(LOST);
    });
    const exception = await exceptionOf(runCall({}, () => runTransaction(host, {}, work.run)));
    expect(work.runs).toBe(1);
    expect(host.rows).toEqual(['row of run 1']);
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false });
  });
});

describe('a transaction inside another one', () => {
  it('is a savepoint', async () => {
    const host = new MemoryHost();
    await runTransaction(host, {}, async () => {
      current(host).write('outer');
      await rejection(
        runTransaction(host, {}, async () => {
          current(host).write('inner, in vain');
          throw new Error('a bug');
        }),
      );
      await runTransaction(host, {}, async () => current(host).write('inner'));
    });
    expect(host.rows).toEqual(['outer', 'inner']);
    expect(host.log).toEqual(['begin', 'savepoint', 'rollback to savepoint', 'savepoint', 'commit']);
  });

  it('is never repeated by itself; the outer one is, as a whole', async () => {
    const host = new MemoryHost();
    const runs = { outer: 0, inner: 0 };
    await runTransaction(host, {}, async () => {
      runs.outer += 1;
      await runTransaction(host, {}, async () => {
        runs.inner += 1;
        if (runs.inner === 1) throw driverError({ ...DEADLOCK, reason: 'LOCK_WAIT_TIMEOUT' });
      });
    });
    expect(runs).toEqual({ outer: 2, inner: 2 });
  });

  it('of another host is one of its own', async () => {
    const [one, other] = [new MemoryHost(), new MemoryHost()];
    await runTransaction(one, {}, () =>
      runTransaction(other, {}, async () => {
        current(one).write('one');
        current(other).write('other');
      }),
    );
    expect([one.rows, other.rows]).toEqual([['one'], ['other']]);
  });
});

describe('a transaction and the call around it', () => {
  it('an idempotent call inside is not run again by itself: the transaction is, with what is left of the budget', async () => {
    const host = new MemoryHost();
    const runs = { outer: 0, inner: 0 };
    await runCall({}, () =>
      runTransaction(host, {}, async () => {
        runs.outer += 1;
        await runCall({ idempotent: true }, () => {
          runs.inner += 1;
          if (runs.inner === 1) current(host).fail(DEADLOCK);
          current(host).write(`row of run ${runs.inner}`);
        });
      }),
    );
    expect(runs).toEqual({ outer: 2, inner: 2 });
    expect(host.rows).toEqual(['row of run 2']);
  });

  it('a commit is an effect of the call; one that only read, or rolled back, is not', async () => {
    const host = new MemoryHost();
    await runCall({}, async (call) => {
      await runTransaction(host, {}, async () => 'a read');
      await rejection(
        runTransaction(host, {}, async () => {
          current(host).write('row');
          throw new Error('a bug');
        }),
      );
      expect(call.hadEffect).toBe(false);
      await runTransaction(host, {}, async () => current(host).write('row'));
      expect(call.hadEffect).toBe(true);
    });
  });

  it.each([
    ['that wrote', true, 'unknown'],
    ['that only read', false, 'none'],
  ])(
    'a COMMIT %s and is under way when the call is cancelled leaves the outcome %s %s',
    async (_, writes, outcome) => {
      const host = new MemoryHost();
      const controller = new AbortController();
      host.onCommit = () => {
        controller.abort();
        return new Promise(() => undefined);
      };
      const exception = await exceptionOf(
        runCall({ signal: controller.signal }, () =>
          runTransaction(host, {}, async () => {
            if (writes) current(host).write('row');
          }),
        ),
      );
      expect(exception).toMatchObject({ status: 'CANCELLED', outcome });
    },
  );

  it('no repeat begins once the call is aborted', async () => {
    const host = new MemoryHost();
    const controller = new AbortController();
    const work = insert(host, (transaction) => {
      controller.abort();
      transaction.fail(LOST);
    });
    const exception = await exceptionOf(
      runCall({ signal: controller.signal }, () => runTransaction(host, {}, work.run)),
    );
    expect(exception).toMatchObject({ status: 'CANCELLED', outcome: 'none' });
    expect(work.runs).toBe(1);
    expect(host.log).toEqual(['begin', 'rollback']);
  });

  it('the option transaction runs the whole handler in one, again if need be', async () => {
    const host = new MemoryHost();
    const resource = Object.assign(new FakeResource('orders'), {
      transaction: <T>(work: () => Promise<T>, options: TransactionOptions = {}) =>
        runTransaction(host, options, work),
    });
    registered(resource);
    const calls = new Set<Call>();
    let runs = 0;
    const result = await runCall({ transaction: { resource: 'orders', readOnly: false } }, (call) => {
      calls.add(call);
      runs += 1;
      current(host).write(`row of run ${runs}`);
      if (runs === 1) current(host).fail(DEADLOCK);
      return 'done';
    });
    expect(result).toBe('done');
    expect(host.rows).toEqual(['row of run 2']);
    expect(host.begun[0]).toMatchObject({ readOnly: false });
    expect(calls.size).toBe(1);
  });

  it('outside of calls successes feed the retry throttle too', async () => {
    const refill = vi.spyOn(retryThrottle, 'refill');
    onTestFinished(() => refill.mockRestore());
    const host = new MemoryHost();
    await runTransaction(host, {}, async () => 'done');
    expect(refill).toHaveBeenCalledTimes(1);
    await runCall({}, () => runTransaction(host, {}, async () => 'done'));
    expect(refill).toHaveBeenCalledTimes(2);
  });
});
