import { numberOption, refuseUnknownOptions, show, typedOption } from '../process/check-options.js';
import { ISOLATION_LEVELS, type TransactionOptions } from '../registry/resource.js';
import { DEFAULT_MAX_ATTEMPTS } from '../repair/budget.js';
import type { ExceptionConverter } from './convert.js';

/** The transaction a handler runs in. */
export interface CallTransaction extends TransactionOptions {
  /** The resource's name. Default: `'default'`, or the only resource that has transactions. */
  readonly resource?: string;
}

/** What a handler declares of itself. */
export interface CallOptions {
  /**
   * Running the handler twice has the same effect as running it once, so it may be run again as a whole when
   * it failed. Default `false`.
   */
  readonly idempotent?: boolean;
  /**
   * Runs the handler in a transaction: `true`, the name of a resource, or an object with the isolation level.
   * It is run again as a whole when it surely rolled back. Default: none.
   */
  readonly transaction?: boolean | string | CallTransaction;
  /** How long the call may take, in milliseconds; only narrows a deadline that the caller set. Default: none. */
  readonly timeoutMs?: number;
  /** How often work may run, the first time included. Default 3. Inside another call, that one's budget counts. */
  readonly maxAttempts?: number;
  /** How a ServiceException becomes what is thrown, such as `thriftException(...)`. Default: thrown as it is. */
  readonly as?: ExceptionConverter;
}

/** The options of {@link runCall}. */
export interface RunCallOptions extends CallOptions {
  /** The name in logs and traces. Default `'call'`. */
  readonly method?: string;
  /** The caller's cancellation. Default: none. */
  readonly signal?: AbortSignal;
}

/** Options, checked once and complete. */
export interface ResolvedCallOptions {
  readonly idempotent: boolean;
  readonly transaction: CallTransaction | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number;
  readonly as: ExceptionConverter | undefined;
}

/** Whether a call of its own would change nothing for a handler that is all that the call around it runs. */
export function addsNothing(
  { idempotent = false, transaction, timeoutMs, as }: { readonly [K in keyof CallOptions]: unknown },
  around: Pick<ResolvedCallOptions, 'idempotent'>,
): boolean {
  // Within a call that is repeated as a whole there is no need to repeat all of it once more.
  const repeats = idempotent !== true || around.idempotent;
  return repeats && !transaction && timeoutMs === undefined && as === undefined;
}

const CALL_OPTIONS = ['idempotent', 'transaction', 'timeoutMs', 'maxAttempts', 'as'] as const;
const TRANSACTION_OPTIONS = ['resource', 'isolation', 'readOnly'] as const;

/**
 * Checks options and fills in the defaults.
 *
 * @param owner who was given them, for the message.
 * @param extra names beside the call's own that the owner reads itself.
 * @throws TypeError or RangeError that names option and value.
 */
export function resolveCallOptions(
  owner: string,
  options: CallOptions,
  extra: readonly string[] = [],
): ResolvedCallOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${owner}: options must be an object, got ${show(options)}`);
  }
  refuseUnknownOptions(owner, options, [...CALL_OPTIONS, ...extra]);
  typedOption(owner, 'idempotent', options.idempotent, 'boolean');
  typedOption(owner, 'as', options.as, 'function');
  const { timeoutMs } = options;
  return {
    idempotent: options.idempotent ?? false,
    transaction: resolveTransaction(owner, options.transaction),
    timeoutMs: timeoutMs === undefined ? undefined : numberOption(owner, 'timeoutMs', timeoutMs, 0, TIMEOUT),
    maxAttempts: numberOption(owner, 'maxAttempts', options.maxAttempts, DEFAULT_MAX_ATTEMPTS, ATTEMPTS),
    as: options.as,
  };
}

const TIMEOUT = { min: 1, max: Number.POSITIVE_INFINITY, fraction: true };
const ATTEMPTS = { min: 1, max: 100 };

function resolveTransaction(owner: string, value: CallOptions['transaction']): CallTransaction | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return {};
  if (typeof value === 'string') return { resource: value };
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(
      `${owner}: transaction must be true, a resource's name or an object, got ${show(value)}`,
    );
  }
  refuseUnknownOptions(`${owner}: transaction`, value, TRANSACTION_OPTIONS);
  typedOption(owner, 'transaction.resource', value.resource, 'string');
  checkTransactionOptions(`${owner}: transaction`, value);
  return value;
}

/** @throws TypeError or RangeError that names option and value. */
export function checkTransactionOptions(owner: string, options: TransactionOptions): void {
  typedOption(owner, 'readOnly', options.readOnly, 'boolean');
  if (options.isolation !== undefined && !ISOLATION_LEVELS.includes(options.isolation)) {
    throw new RangeError(
      `${owner}: isolation must be one of ${ISOLATION_LEVELS.join(', ')}, got ${show(options.isolation)}`,
    );
  }
}
