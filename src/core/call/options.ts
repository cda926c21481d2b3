import { checkOnce, type ExactlyOnceOptions, resolveExactlyOnce } from '../once/index.js';
import { numberOption, refuseUnknownOptions, show, typedOption } from '../process/check-options.js';
import { ISOLATION_LEVELS, type TransactionOptions } from '../registry/resource.js';
import { DEFAULT_MAX_ATTEMPTS } from '../repair/budget.js';
import type { ExceptionConverter } from './convert.js';

/** The transaction a handler runs in. */
export interface CallTransaction extends Omit<TransactionOptions, 'exactlyOnce'> {
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
  /**
   * Runs the handler in a transaction whose outcome is found out even when the reply to COMMIT is lost; and
   * once only for each idempotency key that a client sends. Default: none.
   */
  readonly exactlyOnce?: boolean | ExactlyOnceOptions;
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
  /** The caller's key, for `exactlyOnce`: a second call with it gets the first one's result. Default: none. */
  readonly idempotencyKey?: string;
  /** What the call is asked for, for `exactlyOnce`: the same key with other arguments is refused. Default: none. */
  readonly args?: readonly unknown[];
}

/** Options, checked once and complete. */
export interface ResolvedCallOptions {
  readonly idempotent: boolean;
  readonly transaction: CallTransaction | undefined;
  readonly exactlyOnce: ExactlyOnceOptions | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxAttempts: number;
  readonly as: ExceptionConverter | undefined;
}

/** Whether a call of its own would change nothing for a handler that is all that the call around it runs. */
export function addsNothing(
  {
    idempotent = false,
    transaction,
    exactlyOnce,
    timeoutMs,
    as,
  }: { readonly [K in keyof CallOptions]: unknown },
  around: Pick<ResolvedCallOptions, 'idempotent'>,
): boolean {
  // Within a call that is repeated as a whole there is no need to repeat all of it once more.
  const repeats = idempotent !== true || around.idempotent;
  return repeats && !transaction && !exactlyOnce && timeoutMs === undefined && as === undefined;
}

const CALL_OPTIONS = ['idempotent', 'transaction', 'exactlyOnce', 'timeoutMs', 'maxAttempts', 'as'] as const;
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
  const exactlyOnce = resolveExactlyOnce(owner, options.exactlyOnce);
  return {
    idempotent: options.idempotent ?? false,
    transaction: transactionFor(owner, options.transaction, exactlyOnce),
    exactlyOnce,
    timeoutMs: timeoutMs === undefined ? undefined : numberOption(owner, 'timeoutMs', timeoutMs, 0, TIMEOUT),
    maxAttempts: numberOption(owner, 'maxAttempts', options.maxAttempts, DEFAULT_MAX_ATTEMPTS, ATTEMPTS),
    as: options.as,
  };
}

const TIMEOUT = { min: 1, max: Number.POSITIVE_INFINITY, fraction: true };
const ATTEMPTS = { min: 1, max: 100 };

/** What is to be done exactly once is done in a transaction. */
function transactionFor(
  owner: string,
  value: CallOptions['transaction'],
  exactlyOnce: ExactlyOnceOptions | undefined,
): CallTransaction | undefined {
  const transaction = resolveTransaction(owner, value);
  if (exactlyOnce === undefined) return transaction;
  if (value === false || transaction?.readOnly === true)
    throw new TypeError(`${owner}: exactlyOnce needs a transaction that may write`);
  return transaction ?? {};
}

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
  checkOnce(owner, options.exactlyOnce);
  if (options.exactlyOnce && options.readOnly === true)
    throw new TypeError(`${owner}: exactlyOnce needs a transaction that may write`);
  if (options.isolation !== undefined && !ISOLATION_LEVELS.includes(options.isolation)) {
    throw new RangeError(
      `${owner}: isolation must be one of ${ISOLATION_LEVELS.join(', ')}, got ${show(options.isolation)}`,
    );
  }
}
