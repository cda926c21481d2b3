import { type Failure, failureOf } from '../../errors/index.js';
import type { Call } from '../call/call.js';
import { currentCall } from '../call/current-call.js';
import { sleep } from '../process/abort.js';
import type { TransactionOptions } from '../registry/resource.js';
import { backoffMs, CONFLICT_BACKOFF } from '../repair/backoff.js';
import { Budget } from '../repair/budget.js';
import { mayRepeat } from '../repair/may-repeat.js';
import { retryThrottle } from '../repair/retry-throttle.js';
import { currentTransaction, inTransaction } from './scope.js';
import type { Transaction, TransactionHost } from './transaction.js';

/**
 * Runs work in a transaction of a host: the second ring of repair. The work runs again as a whole when its
 * transaction surely rolled back (the connection was lost before COMMIT was written, a deadlock, a
 * serialization failure) and budget and deadline of the call remain. Inside a transaction of the same host it
 * is a savepoint.
 */
export async function runTransaction<T extends Transaction, R>(
  host: TransactionHost<T>,
  options: TransactionOptions,
  work: () => Promise<R>,
): Promise<R> {
  const outer = currentTransaction(host);
  if (outer !== undefined) return outer.savepoint(work);
  const call = currentCall();
  const budget = call?.budget ?? new Budget();
  for (;;) {
    const result = await once(host, options, work, call);
    if (result.kind === 'committed') {
      // A call notes its success itself.
      if (call === undefined) retryThrottle.refill();
      return result.value;
    }
    const again = mayRepeat(result.failure, false) && call?.aborted === undefined;
    const deadlineAt = call?.deadlineAt ?? Number.POSITIVE_INFINITY;
    if (!again || !budget.take(deadlineAt, result.failure)) throw result.error;
    if (result.failure.status === 'ABORTED')
      await sleep(backoffMs(CONFLICT_BACKOFF, budget.repeats), call?.signal);
  }
}

type Run<R> =
  | { readonly kind: 'committed'; readonly value: R }
  | { readonly kind: 'failed'; readonly error: unknown; readonly failure: Failure };

async function once<T extends Transaction, R>(
  host: TransactionHost<T>,
  options: TransactionOptions,
  work: () => Promise<R>,
  call: Call | undefined,
): Promise<Run<R>> {
  let transaction: T | undefined;
  try {
    transaction = await host.begin(options);
    if (transaction.kept !== undefined) {
      await transaction.rollback();
      return { kind: 'committed', value: transaction.kept.value as R };
    }
    let value = await inTransaction(host, transaction, work);
    if (transaction.doom === undefined) value = await commit(transaction, value, call);
    // A handler that swallowed the error of a lost transaction must not be told that it was committed.
    if (transaction.doom !== undefined) throw transaction.doom.error;
    if (transaction.wrote) call?.noteEffect();
    return { kind: 'committed', value };
  } catch (error) {
    await transaction?.rollback();
    return failed(error, transaction, call);
  }
}

/** A call that is aborted during COMMIT is answered at once: by then it must be known that it may have an effect. */
async function commit<R>(transaction: Transaction, value: R, call: Call | undefined): Promise<R> {
  const remove = transaction.wrote ? call?.onAbort(() => call.noteEffect()) : undefined;
  try {
    return await transaction.commit(value);
  } finally {
    remove?.();
  }
}

/** The verdict on the transaction as a whole: rolled back, unless its COMMIT is in doubt. */
function failed(error: unknown, transaction: Transaction | undefined, call: Call | undefined): Run<never> {
  const { doom, escaped = false } = transaction ?? {};
  const verdict = doom?.failure ?? failureOf(error);
  if (escaped || verdict?.outcome === 'unknown') call?.noteEffect();
  if (verdict === undefined) return { kind: 'failed', error, failure: rolledBack(escaped) };
  const failure: Failure = escaped ? { ...verdict, outcome: 'unknown', transient: false } : verdict;
  return { kind: 'failed', error: doom?.error ?? error, failure };
}

/** The work failed by itself, and what it did is rolled back: nothing to repeat, and no effect to fear. */
function rolledBack(escaped: boolean): Failure {
  const outcome = escaped ? 'unknown' : 'none';
  return { status: 'INTERNAL', reason: 'INTERNAL', outcome, transient: false, fatal: false };
}
