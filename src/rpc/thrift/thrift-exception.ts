import { type ExceptionConverter, isWireException } from '../../core/call/convert.js';
import { show } from '../../core/process/check-options.js';
import { globalState } from '../../core/process/global-state.js';
import { type Failure, failureOf, Reason, recordFailure, type ServiceException } from '../../errors/index.js';

/** The fields that a declared exception may have; those of `idl/service_exception.thrift`. */
export interface ServiceExceptionFields {
  /** The canonical status, `'UNAVAILABLE'` for example. */
  status?: string;
  /** The status as a number. */
  code?: number;
  message?: string;
  reason?: string;
  /** `'none'` or `'unknown'`. */
  outcome?: string;
  retryable?: boolean;
  /** A whole number, for an i32 or an i64. */
  // biome-ignore lint/suspicious/noExplicitAny: an i64 is declared as an Int64, a number goes as well
  retryAfterMs?: any;
  callId?: string;
}

/** A generated exception class with some of the {@link ServiceExceptionFields}. */
export type ServiceExceptionClass<E extends Error & ServiceExceptionFields> = new () => E;

/** Makes the declared exception of a ServiceException; other exceptions of the IDL pass as they are. */
export type ThriftExceptionConverter<E> = (exception: ServiceException, error?: unknown) => E;

const FIELDS = [
  'status',
  'code',
  'message',
  'reason',
  'outcome',
  'retryable',
  'retryAfterMs',
  'callId',
] as const;

/** What a converted exception was made of, and how. */
export interface Conversion {
  readonly exception: ServiceException;
  readonly convert: ExceptionConverter;
}

const conversions: WeakMap<object, Conversion> = globalState('thrift.conversions', () => new WeakMap());

/**
 * How a ServiceException becomes the exception that the IDL declares, for the option `as` of decorators and
 * processors. The fields that the class has are filled in: status, code, message, reason, outcome, retryable,
 * retryAfterMs, callId. What it is made of stays on the server, as its non-enumerable `cause`.
 *
 * @throws TypeError when the class has none of these fields.
 */
export function thriftException<E extends Error & ServiceExceptionFields>(
  Exception: ServiceExceptionClass<E>,
): ThriftExceptionConverter<E> {
  const fields = fieldsOf(Exception);
  const convert = (exception: ServiceException): E => {
    // An exception of the IDL, from a caller that did not look.
    if (isWireException(exception)) return exception as unknown as E;
    const converted = new Exception();
    for (const field of fields) {
      const value = field === 'retryAfterMs' ? whole(exception.retryAfterMs) : exception[field];
      if (value !== undefined) Object.assign(converted, { [field]: value });
    }
    Object.defineProperty(converted, 'cause', { value: exception, configurable: true, writable: true });
    conversions.set(converted, { exception, convert });
    return recordFailure(converted, failureOf(exception) ?? declared(exception));
  };
  return convert;
}

/** What `thriftException` made this error of; `undefined` when it did not make it. */
export function conversionOf(error: unknown): Conversion | undefined {
  return typeof error === 'object' && error !== null ? conversions.get(error) : undefined;
}

/** A generated constructor sets the fields of the IDL to null or to their default. */
function fieldsOf(Exception: unknown): readonly (typeof FIELDS)[number][] {
  if (typeof Exception !== 'function') {
    throw new TypeError(`thriftException: expected a generated exception class, got ${show(Exception)}`);
  }
  const sample = new (Exception as new () => Record<string, unknown>)();
  const fields = FIELDS.filter((field) => Object.hasOwn(sample, field) && sample[field] !== undefined);
  if (!isWireException(sample) || fields.length === 0) {
    throw new TypeError(
      `thriftException: ${Exception.name || 'the class'} must be an exception that the compiler generated and ` +
        `have one of the fields ${FIELDS.join(', ')}`,
    );
  }
  return fields;
}

function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms);
}

/** What a ServiceException of the handler's author says itself; an outer call goes by it. */
function declared(exception: ServiceException): Failure {
  const { status, outcome, retryable, retryAfterMs } = exception;
  const delay = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { status, reason: Reason.INTERNAL, outcome, transient: retryable, fatal: false, ...delay };
}
