import { type Failure, Reason, recordFailure, ServiceException } from '../../errors/index.js';
import { now } from '../process/clock.js';
import type { Outage } from './dialer.js';

/** What a caller should wait before it asks a saturated pool again, in milliseconds. */
const MIN_OUTAGE_RETRY_MS = 100;
const MAX_OUTAGE_RETRY_MS = 5_000;
const SATURATED_RETRY_MS = 1000;

/** No connection became free before the acquire deadline. */
export function acquireTimeout(name: string, waitedMs: number): ServiceException {
  return unavailable(`resource ${name}: no connection became free within ${Math.round(waitedMs)} ms`, {
    status: 'UNAVAILABLE',
    reason: Reason.ACQUIRE_TIMEOUT,
    retryAfterMs: SATURATED_RETRY_MS,
  });
}

/** As many callers wait as may. */
export function queueFull(name: string, limit: number): ServiceException {
  return unavailable(`resource ${name}: ${limit} callers are waiting for a connection already`, {
    status: 'RESOURCE_EXHAUSTED',
    reason: Reason.QUEUE_FULL,
    retryAfterMs: SATURATED_RETRY_MS,
  });
}

/** The pool is closed, or drains. */
export function poolClosed(name: string): ServiceException {
  return unavailable(`resource ${name} is closed: it was used after end() or drain()`, {
    status: 'UNAVAILABLE',
    reason: Reason.CLOSED,
    retryAfterMs: SATURATED_RETRY_MS,
  });
}

/** The outage lasts longer than callers are made to wait; the last error of a dial is its cause. */
export function inOutage(name: string, { failure, error, nextAt, since }: Outage): ServiceException {
  // As long again as it lasts already: few repeats of a client, gRPC's own take five, span a long outage.
  const again = Math.min(now() - since, MAX_OUTAGE_RETRY_MS);
  const retryAfterMs = Math.max(MIN_OUTAGE_RETRY_MS, nextAt - now(), again);
  const { status, reason } = failure;
  return unavailable(
    `resource ${name} cannot connect`,
    { status, reason, retryAfterMs: Math.ceil(retryAfterMs) },
    error,
  );
}

type Refusal = Pick<Failure, 'status' | 'reason'> & { readonly retryAfterMs: number };

function unavailable(
  message: string,
  { status, reason, retryAfterMs }: Refusal,
  cause?: unknown,
): ServiceException {
  const exception = new ServiceException(status, message, {
    reason,
    retryable: true,
    retryAfterMs,
    ...(cause === undefined ? {} : { cause }),
  });
  return recordFailure(exception, {
    status,
    reason,
    outcome: 'none',
    transient: true,
    fatal: false,
    retryAfterMs,
  });
}
