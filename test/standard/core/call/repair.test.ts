import { runCall, ServiceException } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';
import type { Budget } from '../../../../src/core/repair/budget.js';
import { RetryThrottle, retryThrottle } from '../../../../src/core/repair/retry-throttle.js';
import { collectLog } from '../support/collect-log.js';
import { DEADLOCK, DUPLICATE, driverError, IN_DOUBT, LOST } from '../support/driver-error.js';
import { stopClock } from '../support/fake-clock.js';
import { exceptionOf } from '../support/rejection.js';

collectLog();

/** A handler that fails with these, one after the other, and then goes well. */
function failing(...errors: unknown[]): { runs: number; work: () => string } {
  const handler = {
    runs: 0,
    work: (): string => {
      handler.runs += 1;
      if (handler.runs <= errors.length) throw errors[handler.runs - 1];
      return 'done';
    },
  };
  return handler;
}

describe('the third ring of repair', () => {
  it('runs an idempotent handler again when its failure is transient', async () => {
    const handler = failing(driverError(), driverError());
    expect(await runCall({ idempotent: true }, handler.work)).toBe('done');
    expect(handler.runs).toBe(3);
  });

  it('runs it again when its outcome is unknown', async () => {
    const handler = failing(driverError(IN_DOUBT));
    expect(await runCall({ idempotent: true }, handler.work)).toBe('done');
    expect(handler.runs).toBe(2);
  });

  it('runs it three times at the most, unless it is told otherwise', async () => {
    const errors = Array.from({ length: 10 }, () => driverError());
    for (const [options, runs] of [
      [{}, 3],
      [{ maxAttempts: 1 }, 1],
      [{ maxAttempts: 5 }, 5],
    ] as const) {
      const handler = failing(...errors);
      const exception = await exceptionOf(runCall({ idempotent: true, ...options }, handler.work));
      expect(handler.runs).toBe(runs);
      expect(exception).toMatchObject({ status: 'UNAVAILABLE', reason: 'CONNECTION_LOST', retryable: true });
    }
  });

  it('never runs a handler again that was not declared idempotent', async () => {
    for (const failure of [LOST, IN_DOUBT, DEADLOCK]) {
      const handler = failing(driverError(failure));
      await exceptionOf(runCall({}, handler.work));
      expect(handler.runs).toBe(1);
    }
  });

  it('never runs it again when the failure is not transient', async () => {
    for (const error of [driverError(DUPLICATE), new Error('a bug'), 'text', undefined]) {
      const handler = failing(error);
      await exceptionOf(runCall({ idempotent: true }, handler.work));
      expect(handler.runs).toBe(1);
    }
  });

  it('never runs it again when the failure names a delay', async () => {
    const handler = failing(driverError({ ...LOST, retryAfterMs: 100 }));
    const exception = await exceptionOf(runCall({ idempotent: true }, handler.work));
    expect(handler.runs).toBe(1);
    expect(exception).toMatchObject({ retryable: true, retryAfterMs: 100 });
  });

  it("takes an author's word for what is worth a repeat", async () => {
    const refusal = new ServiceException('ABORTED', 'try again', { retryable: true });
    const handler = failing(refusal);
    expect(await runCall({ idempotent: true }, handler.work)).toBe('done');
    const final = failing(new ServiceException('ABORTED', 'do not'));
    await exceptionOf(runCall({ idempotent: true }, final.work));
    expect(final.runs).toBe(1);
  });

  it('waits a little before it runs again what lost a conflict', async () => {
    stopClock();
    const handler = failing(driverError(DEADLOCK));
    const running = runCall({ idempotent: true }, handler.work);
    await vi.advanceTimersByTimeAsync(0);
    expect(handler.runs).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(await running).toBe('done');
  });

  it('draws on one budget with the other rings and with the calls inside', async () => {
    let runs = 0;
    const inner = failing(...Array.from({ length: 20 }, () => driverError()));
    const outer = (): Promise<string> => {
      runs += 1;
      return runCall({ idempotent: true, maxAttempts: 100 }, inner.work);
    };
    await exceptionOf(runCall({ idempotent: true, maxAttempts: 4 }, outer));
    expect({ outer: runs, inner: inner.runs }).toEqual({ outer: 1, inner: 4 });
  });

  it('repeats nothing when another ring used the budget up', async () => {
    let runs = 0;
    await exceptionOf(
      runCall({ idempotent: true }, ({ budget }) => {
        runs += 1;
        while (budget.take(Number.POSITIVE_INFINITY));
        throw driverError();
      }),
    );
    expect(runs).toBe(1);
  });
});

describe('the retry throttle', () => {
  it('stops repeats when half of its tokens are gone, and each success gives a tenth back', () => {
    const throttle = new RetryThrottle();
    let taken = 0;
    while (throttle.take()) taken += 1;
    expect(taken).toBe(500);
    for (let i = 0; i < 9; i += 1) throttle.refill();
    throttle.refill();
    throttle.refill();
    expect(throttle.take()).toBe(true);
    expect(throttle.take()).toBe(true);
    expect(throttle.take()).toBe(false);
  });

  it('never holds more than it started with', () => {
    const throttle = new RetryThrottle();
    for (let i = 0; i < 1000; i += 1) throttle.refill();
    let taken = 0;
    while (throttle.take()) taken += 1;
    expect(taken).toBe(500);
  });

  it('stops the repeats of calls in a storm, and lets them come back with successes', async () => {
    const attemptsOfOne = async (): Promise<number> => {
      const handler = failing(driverError(), driverError(), driverError());
      await exceptionOf(runCall({ idempotent: true }, handler.work));
      return handler.runs;
    };
    try {
      expect(await attemptsOfOne()).toBe(3);
      for (let calls = 0; calls < 300; calls += 1) await attemptsOfOne();
      expect(await attemptsOfOne()).toBe(1);
      for (let calls = 0; calls < 100; calls += 1) await runCall({}, () => 'done');
      expect(await attemptsOfOne()).toBe(3);
    } finally {
      for (let i = 0; i < 10_000; i += 1) retryThrottle.refill();
    }
  });

  it('is not asked when no repeat is left or the deadline has passed', async () => {
    const take = vi.spyOn(retryThrottle, 'take');
    const budgets: Budget[] = [];
    await runCall({ maxAttempts: 1 }, ({ budget }) => budgets.push(budget));
    await runCall({}, ({ budget }) => budgets.push(budget));
    expect(budgets[0]?.take(Number.POSITIVE_INFINITY)).toBe(false);
    expect(budgets[1]?.take(performance.now() - 1)).toBe(false);
    expect(take).not.toHaveBeenCalled();
    expect(budgets[1]?.take(Number.POSITIVE_INFINITY)).toBe(true);
    expect(budgets[1]?.repeats).toBe(1);
    take.mockRestore();
  });
});
