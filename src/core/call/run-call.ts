import type { Failure } from '../../errors/index.js';
import { sleep } from '../process/abort.js';
import { show, typedOption } from '../process/check-options.js';
import { now } from '../process/clock.js';
import { backoffMs, CONFLICT_BACKOFF } from '../repair/backoff.js';
import { mayRepeat } from '../repair/may-repeat.js';
import { retryThrottle } from '../repair/retry-throttle.js';
import { isInTransaction } from '../transaction/scope.js';
import { Call, type CallInit } from './call.js';
import { cleanAfter, cleanBefore, reclaim } from './clean.js';
import { convert } from './convert.js';
import { currentCall, inScopeOf } from './current-call.js';
import { hasHooks, runHooks } from './hooks.js';
import { onceFor } from './once.js';
import { type ResolvedCallOptions, type RunCallOptions, resolveCallOptions } from './options.js';
import { isTraced, traced } from './tracing.js';
import { inCallTransaction } from './transactional.js';
import { untilAborted } from './until-aborted.js';
import { verdictOn } from './verdict.js';

/** What a call runs. It may run more than once when it is declared idempotent or a transaction. */
export type Work<T> = (call: Call) => T | PromiseLike<T>;

/**
 * Runs work as a call: stale connections are dropped before and after it, what can be repaired safely is
 * repaired, what it leaves behind is taken back, and whatever fails becomes a ServiceException. For queue
 * consumers, cron jobs and scripts; the decorators, the gRPC interceptor and the Thrift processor use the
 * same engine.
 *
 * @throws ServiceException, or what `options.as` makes of it; TypeError or RangeError for a bad option.
 */
export function runCall<T>(options: RunCallOptions, work: Work<T>): Promise<T> {
  const resolved = resolveCallOptions('runCall', options, ['method', 'signal', 'idempotencyKey', 'args']);
  const { method = 'call', signal, idempotencyKey, args } = options;
  typedOption('runCall', 'idempotencyKey', idempotencyKey, 'string');
  typedOption('runCall', 'method', method, 'string');
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw new TypeError(`runCall: signal must be an AbortSignal, got ${show(signal)}`);
  return run(method, resolved, work, { signal, idempotencyKey, args });
}

/** The engine behind every face: options are checked already. */
export function run<T>(
  method: string,
  options: ResolvedCallOptions,
  work: Work<T>,
  caller?: Caller,
): Promise<T> {
  return runOpened(openCall(method, options, caller), options, work);
}

/** What is known of the one who waits for a call, and what it asked for. */
export type Caller = Pick<CallInit, 'signal' | 'cancellable' | 'idempotencyKey' | 'args'>;

/** Opens a call: it inherits from the call around it; the outermost one cleans before it starts. */
export function openCall(method: string, options: ResolvedCallOptions, caller: Caller = {}): Call {
  const { idempotent, timeoutMs, maxAttempts } = options;
  const call = new Call({ method, parent: currentCall(), idempotent, timeoutMs, maxAttempts, ...caller });
  if (call.parent === undefined) {
    cleanBefore();
    if (hasHooks()) runHooks((hooks) => hooks.start?.(call));
  }
  return call;
}

/** Ends a call: the outermost one takes back what was left behind, and cleans again. */
export function closeCall(call: Call, result: { readonly error?: unknown } = {}): void {
  call.finish();
  if (call.parent !== undefined) return;
  cleanAfter(call);
  if (hasHooks())
    runHooks((hooks) => hooks.finish?.(call, { ...result, durationMs: now() - call.startedAt }));
}

/** Runs work in an open call, and closes it. */
export function runOpened<T>(call: Call, options: ResolvedCallOptions, work: Work<T>): Promise<T> {
  const run = (): Promise<T> =>
    new Promise((resolve, reject) => new Attempts(call, options, work, resolve, reject).start());
  return isTraced() ? traced(call, run) : run();
}

/**
 * The same without a promise.
 *
 * @param done must not throw.
 * @param failed must not throw.
 */
export function settleOpened<T>(
  call: Call,
  options: ResolvedCallOptions,
  work: Work<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (isTraced()) runOpened(call, options, work).then(done, failed);
  else new Attempts(call, options, work, done, failed).start();
}

/** The third ring of repair: an idempotent handler runs again as a whole. */
class Attempts<T> {
  readonly #call: Call;
  readonly #options: ResolvedCallOptions;
  readonly #work: Work<T>;
  readonly #done: (value: T) => void;
  readonly #failed: (error: unknown) => void;
  readonly #repeatable: boolean;

  constructor(
    call: Call,
    options: ResolvedCallOptions,
    work: Work<T>,
    done: (value: T) => void,
    failed: (error: unknown) => void,
  ) {
    this.#call = call;
    this.#options = options;
    this.#work = work;
    this.#done = done;
    this.#failed = failed;
    // Inside a transaction of an outer call it does not: that one is run again as a whole, or nothing is.
    this.#repeatable = call.idempotent && !isInTransaction();
  }

  start(): void {
    const call = this.#call;
    if (call.aborted !== undefined) return this.#attemptFailed(call.aborted);
    untilAborted(
      call,
      () => this.#attempt(),
      (value) => {
        retryThrottle.refill();
        closeCall(call);
        this.#done(value);
      },
      (error) => this.#attemptFailed(error),
    );
  }

  #attempt(): T | PromiseLike<T> {
    const { transaction, exactlyOnce } = this.#options;
    if (transaction === undefined) return inScopeOf(this.#call, this.#work);
    return inScopeOf(this.#call, (call) =>
      inCallTransaction(transaction, onceFor(call, exactlyOnce), async () => await this.#work(call)),
    );
  }

  #attemptFailed(error: unknown): void {
    const call = this.#call;
    // Once the call is aborted, what its statements fail with is a consequence, and not the news.
    const reported = call.aborted ?? error;
    const failure = verdictOn(call, reported, this.#options.transaction !== undefined);
    const repeatable = this.#repeatable && !call.replied && call.aborted === undefined;
    const again = repeatable && mayRepeat(failure, true);
    if (again && call.budget.take(call.deadlineAt, failure)) return this.#again(failure);
    const thrown = convert(call, reported, failure, this.#options.as);
    closeCall(call, { error: thrown });
    this.#failed(thrown);
  }

  #again({ status }: Failure): void {
    const call = this.#call;
    reclaim(call);
    if (status !== 'ABORTED') return this.start();
    // Before a conflict is tried again; an abort ends the pause, and the next attempt says so.
    const next = (): void => this.start();
    sleep(backoffMs(CONFLICT_BACKOFF, call.budget.repeats), call.signal).then(next, next);
  }
}
