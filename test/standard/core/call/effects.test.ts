import { runCall } from 'fresh-connections';
import { describe, expect, it } from 'vitest';
import { collectLog } from '../support/collect-log.js';
import { DUPLICATE, driverError, IN_DOUBT, LOST } from '../support/driver-error.js';
import { exceptionOf } from '../support/rejection.js';

collectLog();

describe('a call of which an earlier part had an effect', () => {
  it('is in doubt, although the statement that failed had no effect', async () => {
    const exception = await exceptionOf(
      runCall({}, (call) => {
        call.noteEffect();
        throw driverError(LOST);
      }),
    );
    expect(exception).toMatchObject({
      status: 'UNKNOWN',
      reason: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
  });

  it('keeps the status of a failure that no repeat would mend, but tells of the effect', async () => {
    const exception = await exceptionOf(
      runCall({}, (call) => {
        call.noteEffect();
        throw driverError(DUPLICATE);
      }),
    );
    expect(exception).toMatchObject({
      status: 'ALREADY_EXISTS',
      reason: 'DUPLICATE_KEY',
      outcome: 'unknown',
      retryable: false,
    });
  });

  it('is in doubt when the effect was that of a call inside', async () => {
    const exception = await exceptionOf(
      runCall({}, async (outer) => {
        await runCall({}, (inner) => inner.noteEffect());
        expect(outer.hadEffect).toBe(true);
        throw driverError(LOST);
      }),
    );
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
  });

  it('is judged anew by the outer call when the effect came before the inner one failed', async () => {
    const exception = await exceptionOf(
      runCall({}, async (outer) => {
        const failure = await exceptionOf(runCall({}, () => Promise.reject(driverError(LOST))));
        expect(failure).toMatchObject({ reason: 'CONNECTION_LOST', outcome: 'none', retryable: true });
        outer.noteEffect();
        throw failure;
      }),
    );
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false });
  });

  it('still runs again when it is idempotent, and says in the end that a repeat is safe', async () => {
    let runs = 0;
    const exception = await exceptionOf(
      runCall({ idempotent: true }, (call) => {
        runs += 1;
        call.noteEffect();
        throw driverError(LOST);
      }),
    );
    expect(runs).toBe(3);
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: true });
  });

  it('must not be repeated because a part of it was idempotent: the other part would be doubled', async () => {
    const exception = await exceptionOf(
      runCall({}, async (outer) => {
        outer.noteEffect();
        await runCall({ idempotent: true }, () => Promise.reject(driverError(LOST)));
      }),
    );
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', retryable: false });
  });

  it('may be repeated when all of its effects were those of an idempotent part', async () => {
    const exception = await exceptionOf(
      runCall({}, () =>
        runCall({ idempotent: true }, (inner) => {
          inner.noteEffect();
          throw driverError(IN_DOUBT);
        }),
      ),
    );
    expect(exception).toMatchObject({ reason: 'OUTCOME_UNKNOWN', retryable: true });
  });
});
