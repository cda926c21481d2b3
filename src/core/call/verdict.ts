import { type Failure, failureOf, Reason, ServiceException, UNCLASSIFIED } from '../../errors/index.js';
import type { Call } from './call.js';

/**
 * The verdict on a call that failed with this error: the resource's verdict on the failed work, in the light
 * of what the call had done before.
 *
 * @param rolledBack whether the handler ran in a transaction of its own, which is rolled back by now.
 */
export function verdictOn(call: Call, error: unknown, rolledBack = false): Failure {
  const recorded = failureOf(error);
  if (recorded === undefined) {
    if (error instanceof ServiceException) return declared(error);
    return rolledBack && !call.hadEffect ? { ...UNCLASSIFIED, outcome: 'none' } : UNCLASSIFIED;
  }
  if (recorded.outcome === 'unknown' || !call.hadEffect) return recorded;
  // The failed statement had no effect, but an earlier one of the same call did. A client that is told to
  // try again would do that part twice.
  const partial: Failure = { ...recorded, outcome: 'unknown' };
  return recorded.transient ? { ...partial, status: 'UNKNOWN', reason: Reason.OUTCOME_UNKNOWN } : partial;
}

/** A ServiceException that the handler's author threw says itself what it means. */
function declared(exception: ServiceException): Failure {
  const { status, outcome, retryable, retryAfterMs } = exception;
  const after = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { status, reason: Reason.INTERNAL, outcome, transient: retryable, fatal: false, ...after };
}
