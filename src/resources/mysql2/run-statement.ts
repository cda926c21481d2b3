import { type Call, currentCall } from '../../core/call/index.js';
import type { Entry } from '../../core/pool/index.js';
import { sleep } from '../../core/process/abort.js';
import { backoffMs, CONFLICT_BACKOFF } from '../../core/repair/backoff.js';
import { Budget } from '../../core/repair/budget.js';
import { mayRepeat } from '../../core/repair/may-repeat.js';
import { retryThrottle } from '../../core/repair/retry-throttle.js';
import { type Failure, Reason } from '../../errors/index.js';
import type { MysqlResource } from './resource.js';
import type { Session } from './session.js';
import { issue, type Settle, type Statement } from './statement.js';

/**
 * Runs a statement on any fresh connection, in the transaction of the call if it has one: the second ring of
 * repair. A statement outside of transactions is repeated when it was never executed, or is a read.
 */
export function runStatement(resource: MysqlResource, request: Statement, settle: Settle): void {
  const transaction = resource.current;
  if (transaction !== undefined) return transaction.run(request, settle);
  const repeatReads = resource.repeatReads || !request.traits.repeatable;
  new StatementRun(resource, repeatReads ? request : onceOnly(request), settle).start();
}

function onceOnly(request: Statement): Statement {
  return { ...request, traits: { ...request.traits, repeatable: false } };
}

class StatementRun {
  readonly #resource: MysqlResource;
  readonly #request: Statement;
  readonly #settle: Settle;
  readonly #call: Call | undefined;
  #budget: Budget | undefined;

  constructor(resource: MysqlResource, request: Statement, settle: Settle) {
    this.#resource = resource;
    this.#request = request;
    this.#settle = settle;
    this.#call = currentCall();
    this.#budget = this.#call?.budget;
  }

  start(): void {
    const { pool } = this.#resource;
    const ready = this.#call?.aborted === undefined ? pool.tryTake() : undefined;
    if (ready !== undefined) return this.#on(ready);
    pool.take({ call: this.#call }).then(
      (entry) => this.#on(entry),
      // The checkout ring waited as long as it could.
      (error: unknown) => this.#settle(error, undefined),
    );
  }

  #on(entry: Entry<Session>): void {
    issue(entry.connection, this.#request, this.#call, (error, failure, rows, fields) => {
      if (error !== null) return this.#failed(entry, error, failure);
      this.#resource.pool.give(entry, true);
      // A call earns its own when it ends.
      if (this.#call === undefined) retryThrottle.refill();
      if (this.#request.traits.writes) this.#call?.noteEffect();
      this.#settle(null, undefined, rows, fields);
    });
  }

  #failed(entry: Entry<Session>, error: unknown, failure: Failure | undefined): void {
    const { pool } = this.#resource;
    // The pool keeps it aside until what was aborted has been stopped.
    if (entry.connection.stopping !== undefined) pool.give(entry);
    else if (failure?.fatal === true || !entry.connection.open)
      pool.discard(entry, this.#call?.aborted === undefined);
    // A failed command is still current while its error is being told.
    else if (entry.connection.busy) process.nextTick(() => pool.give(entry, true));
    else pool.give(entry);
    if (failure?.reason === Reason.READ_ONLY) pool.evictAll();
    if (failure !== undefined && this.#mayRunAgain(failure)) return this.#again(failure);
    if (failure?.outcome === 'unknown') this.#call?.noteEffect();
    this.#settle(error, failure);
  }

  #mayRunAgain(failure: Failure): boolean {
    if (!mayRepeat(failure, false) || this.#call?.aborted !== undefined) return false;
    this.#budget ??= new Budget();
    return this.#budget.take(this.#call?.deadlineAt ?? Number.POSITIVE_INFINITY, failure);
  }

  #again({ status }: Failure): void {
    if (status !== 'ABORTED') return this.start();
    const repeats = this.#budget?.repeats ?? 1;
    sleep(
      backoffMs(CONFLICT_BACKOFF, repeats),
      this.#call?.aborted === undefined ? undefined : this.#call.signal,
    ).then(
      () => this.start(),
      (error: unknown) => this.#settle(error, undefined),
    );
  }
}
