import { type Failure, failureOf, recordFailure, ServiceException } from '../../errors/index.js';
import { errorFields, logger } from '../process/logger.js';
import type { Call } from './call.js';
import { MESSAGES } from './messages.js';

/**
 * How a ServiceException becomes what is thrown: a declared exception of the IDL, for example.
 *
 * @param exception what the client is to be told.
 * @param error what the handler threw.
 */
export type ExceptionConverter = (exception: ServiceException, error: unknown) => unknown;

/**
 * What is thrown to the caller instead of an error: the truth, and nothing else. A ServiceException and an
 * exception that the IDL declares pass as they are; the rest is masked, and logged under the call's id.
 */
export function convert(call: Call, error: unknown, failure: Failure, as?: ExceptionConverter): unknown {
  if (isWireException(error)) return error;
  const exception = passes(error, failure) ? identified(call, error) : masked(call, error, failure);
  return as === undefined ? exception : converted(call, exception, error, as);
}

/** A converter that throws must not put its own text before a client. */
function converted(call: Call, exception: ServiceException, error: unknown, as: ExceptionConverter): unknown {
  try {
    return as(exception, error);
  } catch (thrown) {
    logger().error(
      { callId: call.id, method: call.method, ...errorFields(thrown, false) },
      'the option `as` threw',
    );
    return exception;
  }
}

/**
 * An exception that knows how to write itself to a wire is one that the service's IDL declares: its author
 * means clients to see it. No driver's error has these methods.
 */
export function isWireException(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const methods = error as unknown as Record<string | symbol, unknown>;
  return WIRE_METHODS.some((names) => names.every((name) => typeof methods[name] === 'function'));
}

/** Recent compilers name them by symbols, so that a field may be called `read`. */
const WIRE_METHODS: readonly (readonly (string | symbol)[])[] = [
  ['read', 'write'],
  [Symbol.for('read'), Symbol.for('write')],
];

/**
 * A ServiceException of the handler's author passes as it is; so does one that an inner call has made, unless
 * the outer call knows more of its effects.
 */
function passes(error: unknown, failure: Failure): error is ServiceException {
  if (!(error instanceof ServiceException)) return false;
  return failureOf(error) === undefined || (error.callId !== '' && error.outcome === failure.outcome);
}

/** Exceptions that were given the id of the call they were thrown in. */
const identities = new WeakSet<ServiceException>();

/** An author may keep one exception as a constant and throw it in many calls, and may have frozen it. */
function identified(call: Call, exception: ServiceException): ServiceException {
  if (exception.callId === '') identities.add(exception);
  if (identities.has(exception)) Reflect.set(exception, 'callId', call.id);
  return exception;
}

function masked(call: Call, error: unknown, failure: Failure): ServiceException {
  const { status, reason, outcome, transient, retryAfterMs } = failure;
  const exception = new ServiceException(status, MESSAGES[reason], {
    reason,
    outcome,
    retryable: transient && (outcome === 'none' || (call.idempotent && !call.hadEffectOutside)),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    callId: call.id,
    cause: error,
  });
  report(call, error, failure);
  return recordFailure(exception, failure);
}

function report(call: Call, error: unknown, failure: Failure): void {
  const fields = {
    callId: call.id,
    method: call.method,
    status: failure.status,
    reason: failure.reason,
    outcome: failure.outcome,
    ...errorFields(error, failureOf(error) !== undefined),
  };
  if (failure.status === 'INTERNAL') logger().error(fields, 'a call failed');
  // A caller that leaves is no fault of anybody's.
  else if (failure.status === 'CANCELLED') logger().info(fields, 'a call was cancelled');
  else logger().warn(fields, 'a call failed');
}
