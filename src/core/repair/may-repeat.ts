import type { Failure } from '../../errors/index.js';

/**
 * The one rule of repair: repeat when the failure is transient and the failed work surely had no effect; when
 * its outcome is unknown, repeat only work declared idempotent. Budget and deadline are asked separately.
 *
 * A failure that names a delay was given by a ring that already waited as long as it could.
 */
export function mayRepeat(failure: Failure, idempotent: boolean): boolean {
  if (!failure.transient || failure.retryAfterMs !== undefined) return false;
  return failure.outcome === 'none' || idempotent;
}
