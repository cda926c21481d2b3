import { Reason, ServiceException } from '../../errors/index.js';
import type { ExactlyOnceOptions } from '../once/index.js';
import type { TransactionOptions } from '../registry/resource.js';
import type { Call } from './call.js';

/** Longer ones are no keys. */
const MAX_KEY_LENGTH = 1_000;

/** How the transaction of a call is run exactly once: under the client's key, if there is one. */
export function onceFor(
  call: Call,
  options: ExactlyOnceOptions | undefined,
): TransactionOptions['exactlyOnce'] {
  if (options === undefined) return undefined;
  const { keyOf, callerOf, codec } = options;
  const { args, method } = call;
  const key: unknown = keyOf === undefined ? call.idempotencyKey : keyOf(args);
  if (key === undefined || key === null || key === '') return true;
  if (typeof key !== 'string' || key.length > MAX_KEY_LENGTH) {
    throw new ServiceException(
      'INVALID_ARGUMENT',
      `the idempotency key must be a string of at most ${MAX_KEY_LENGTH} characters`,
      { reason: Reason.INVALID_VALUE },
    );
  }
  const scope = JSON.stringify([method, callerOf?.(args) ?? '']);
  return { key, scope, args, ...(codec === undefined ? {} : { codec }) };
}
