import { type Call, currentCall, runCall } from 'fresh-connections';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { collectLog } from '../support/collect-log.js';
import { DEADLOCK, driverError } from '../support/driver-error.js';
import { stopClock } from '../support/fake-clock.js';
import { exceptionOf } from '../support/rejection.js';

collectLog();
beforeEach(stopClock);

const forever = (): Promise<never> => new Promise(() => undefined);

/** Whether a promise is settled at this moment. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

describe('the deadline of a call', () => {
  it('ends the wait for its handler at once', async () => {
    const running = runCall({ timeoutMs: 100 }, forever);
    const exception = exceptionOf(running);
    await vi.advanceTimersByTimeAsync(99);
    expect(await isSettled(running)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await exception).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      reason: 'DEADLINE_EXCEEDED',
      outcome: 'none',
      retryable: false,
      message: 'the deadline of the call passed',
    });
    expect((await exception).callId).not.toBe('');
  });

  it('fires the signal of the call, with the exception as its reason', async () => {
    let call: Call | undefined;
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, (opened) => {
        call = opened;
        expect(opened.signal.aborted).toBe(false);
        return forever();
      }),
    );
    await vi.advanceTimersByTimeAsync(100);
    await running;
    expect(call?.signal.aborted).toBe(true);
    expect(call?.signal.reason).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(call?.aborted).toBe(call?.signal.reason);
  });

  it('is still seen by who asks for the signal only afterwards', async () => {
    let call: Call | undefined;
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, (opened) => {
        call = opened;
        return forever();
      }),
    );
    await vi.advanceTimersByTimeAsync(100);
    await running;
    expect(call?.signal.aborted).toBe(true);
  });

  it('does not fire once the call is over', async () => {
    let call: Call | undefined;
    await runCall({ timeoutMs: 100 }, (opened) => {
      call = opened;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(call?.aborted).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is what the caller is told, not what its handler fails with in consequence', async () => {
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, ({ signal }) => {
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(driverError()));
        });
      }),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect(await running).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('says that the outcome is unknown when the call had an effect before', async () => {
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, (call) => {
        call.noteEffect();
        return forever();
      }),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect(await running).toMatchObject({ status: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
  });

  it('is told as the time that remains, which is never negative', async () => {
    await runCall({}, (call) => expect(call.remainingMs).toBe(Number.POSITIVE_INFINITY));
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, async (call) => {
        await vi.advanceTimersByTimeAsync(60);
        expect(call.remainingMs).toBe(40);
        await vi.advanceTimersByTimeAsync(60);
        expect(call.remainingMs).toBe(0);
      }),
    );
    await running;
  });

  it('leaves no repeat to an idempotent handler', async () => {
    let runs = 0;
    const running = exceptionOf(
      runCall({ timeoutMs: 100, idempotent: true }, () => {
        runs += 1;
        return forever();
      }),
    );
    await vi.advanceTimersByTimeAsync(100);
    await running;
    expect(runs).toBe(1);
  });

  it('ends the pause before a conflict is tried again', async () => {
    let runs = 0;
    const running = exceptionOf(
      runCall({ timeoutMs: 10, idempotent: true, maxAttempts: 10 }, ({ budget }) => {
        runs += 1;
        // After five repeats the pause is 32 ms at the least.
        for (let i = 0; i < 5; i += 1) budget.take(Number.POSITIVE_INFINITY);
        throw driverError(DEADLOCK);
      }),
    );
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
    expect(await running).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(runs).toBe(1);
  });

  it('may lie further away than a Node timer can', async () => {
    const running = runCall({ timeoutMs: 2 ** 40 }, forever);
    expect(await isSettled(running)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(await runCall({ timeoutMs: Number.POSITIVE_INFINITY }, () => 7)).toBe(7);
  });
});

describe('a call inside another one', () => {
  it('can narrow the deadline', async () => {
    const running = runCall({ timeoutMs: 1000 }, async (outer) => {
      const inner = exceptionOf(runCall({ timeoutMs: 100 }, forever));
      await vi.advanceTimersByTimeAsync(100);
      expect(await inner).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
      expect(outer.aborted).toBeUndefined();
      return 'outer goes on';
    });
    expect(await running).toBe('outer goes on');
  });

  it('cannot widen it', async () => {
    const inner = vi.fn();
    const running = exceptionOf(
      runCall({ timeoutMs: 100 }, (outer) =>
        runCall({ timeoutMs: 1000 }, (call) => {
          expect(call.deadlineAt).toBe(outer.deadlineAt);
          call.signal.addEventListener('abort', inner);
          return forever();
        }),
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect(await running).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(inner).toHaveBeenCalledOnce();
  });

  it('does not start when the outer one was aborted already', async () => {
    const work = vi.fn();
    const controller = new AbortController();
    const running = exceptionOf(
      runCall({ signal: controller.signal }, async () => {
        controller.abort();
        const inner = await exceptionOf(runCall({}, work));
        expect(inner.status).toBe('CANCELLED');
      }),
    );
    await running;
    expect(work).not.toHaveBeenCalled();
  });
});

describe("the caller's cancellation", () => {
  it('ends the wait for the handler at once with CANCELLED', async () => {
    const controller = new AbortController();
    const running = exceptionOf(runCall({ signal: controller.signal }, forever));
    controller.abort(new Error('hunter2'));
    expect(await running).toMatchObject({
      status: 'CANCELLED',
      reason: 'CANCELLED',
      outcome: 'none',
      retryable: false,
      message: 'the call was cancelled',
    });
  });

  it('is heard when it comes from the synchronous part of the handler itself', async () => {
    const controller = new AbortController();
    const running = exceptionOf(
      runCall({ signal: controller.signal }, () => {
        controller.abort();
        return forever();
      }),
    );
    expect(await running).toMatchObject({ status: 'CANCELLED' });
  });

  it('before the start keeps the handler from running', async () => {
    const work = vi.fn();
    const exception = await exceptionOf(runCall({ signal: AbortSignal.abort() }, work));
    expect(exception.status).toBe('CANCELLED');
    expect(work).not.toHaveBeenCalled();
  });

  it('leaves no listener behind on the signal', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await runCall({ signal }, () => runCall({ signal }, () => currentCall()?.signal));
    expect(add).toHaveBeenCalledTimes(2);
    const listeners = (calls: typeof add.mock.calls): unknown =>
      new Set(calls.map(([, listener]) => listener));
    expect(listeners(remove.mock.calls)).toEqual(listeners(add.mock.calls));
  });

  it('after the end of the call changes nothing', async () => {
    const controller = new AbortController();
    let call: Call | undefined;
    await runCall({ signal: controller.signal }, (opened) => {
      call = opened;
    });
    controller.abort();
    expect(call?.aborted).toBeUndefined();
  });

  it('does not let a later rejection of the handler stray', async () => {
    const controller = new AbortController();
    let fail: (error: Error) => void = () => undefined;
    const running = exceptionOf(
      runCall({ signal: controller.signal }, () => new Promise((_, reject) => (fail = reject))),
    );
    controller.abort();
    await running;
    // test/setup.ts fails the file when this rejection is unhandled.
    fail(driverError());
  });
});
