import type { Call } from '../../core/call/index.js';
import type { Entry, Pool } from '../../core/pool/index.js';
import { logger } from '../../core/process/logger.js';
import type { TransactionOptions } from '../../core/registry/resource.js';
import { mayRepeat } from '../../core/repair/may-repeat.js';
import type { Doom, Transaction } from '../../core/transaction/index.js';
import { type Failure, failureOf, Reason, recordFailure } from '../../errors/index.js';
import { rollsBack } from './classify.js';
import type { Outcomes } from './outcome/outcomes.js';
import type { TransactionOutcome } from './outcome/transaction-outcome.js';
import type { Session } from './session.js';
import { issue, issued, type Settle, type Statement, statement } from './statement.js';

const BEGIN = statement('query', 'BEGIN', undefined);
const COMMIT = statement('query', 'COMMIT', undefined);
const ROLLBACK = statement('query', 'ROLLBACK', undefined);

/**
 * Takes a connection and begins a transaction on it.
 *
 * @throws the pool's or the driver's error, with its failure recorded; the connection is given back by then.
 */
export async function beginTransaction(
  pool: Pool<Session>,
  options: TransactionOptions,
  call: Call | undefined,
  outcomes: Outcomes,
): Promise<MysqlTransaction> {
  const { exactlyOnce = false } = options;
  const outcome = exactlyOnce === false ? undefined : await outcomes.open(exactlyOnce, call);
  try {
    return await onConnection(pool, options, call, outcome);
  } catch (error) {
    outcome?.end();
    throw error;
  }
}

async function onConnection(
  pool: Pool<Session>,
  options: TransactionOptions,
  call: Call | undefined,
  outcome: TransactionOutcome | undefined,
): Promise<MysqlTransaction> {
  let spare: number | undefined;
  for (;;) {
    const entry = await pool.take({ call });
    try {
      await outcome?.prepare(entry.connection);
      await begin(entry, options, call);
      const kept = await outcome?.claim(entry.connection);
      return new MysqlTransaction(pool, entry, call, outcome, kept);
    } catch (error) {
      const failure = failureOf(error);
      giveBack(pool, entry, failure);
      // A connection that is lost at BEGIN was a bad checkout, and those draw on no budget. As many may be
      // bad as there were; a server that ends every new one is not dialed for ever.
      spare ??= pool.stats.idle + pool.stats.lent;
      const bad = failure?.fatal === true && mayRepeat(failure, false) && call?.aborted === undefined;
      if (!bad || spare === 0) throw error;
      spare -= 1;
    }
  }
}

async function begin(
  entry: Entry<Session>,
  { isolation, readOnly = false }: TransactionOptions,
  call: Call | undefined,
): Promise<void> {
  if (isolation !== undefined)
    await run(entry, `SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}`, call);
  await run(entry, readOnly ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION', call);
  entry.connection.readOnly = readOnly;
}

/** The statement that sets the level of the next transaction leaves nothing behind in the session. */
function run({ connection }: Entry<Session>, sql: string, call: Call | undefined): Promise<unknown> {
  const kind = sql.startsWith('SET') ? 'read' : 'begin';
  return issued(connection, { ...BEGIN, sql, traits: { ...BEGIN.traits, kind, repeatable: true } }, call);
}

function giveBack(pool: Pool<Session>, entry: Entry<Session>, failure: Failure | undefined): void {
  // The pool keeps it aside until what was aborted has been stopped.
  if (entry.connection.stopping !== undefined) pool.give(entry);
  else if (failure?.fatal === true || !entry.connection.open) pool.discard(entry, true);
  // The failed command is still current while its error is being told.
  else process.nextTick(() => pool.give(entry, true));
}

/** Found out after the reply to COMMIT was lost: nothing of it will ever take effect. */
const ROLLED_BACK: Failure = {
  status: 'UNAVAILABLE',
  reason: Reason.CONNECTION_LOST,
  outcome: 'none',
  transient: true,
  fatal: true,
};

/** A transaction on one session. Statements of the call join it. */
export class MysqlTransaction implements Transaction {
  readonly #pool: Pool<Session>;
  readonly #entry: Entry<Session>;
  readonly #call: Call | undefined;
  readonly #outcome: TransactionOutcome | undefined;
  readonly kept: { readonly value: unknown } | undefined;
  #doom: Doom | undefined;
  #escaped = false;
  #wrote = false;
  #sealed = false;
  #ended = false;
  #savepoints = 0;

  constructor(
    pool: Pool<Session>,
    entry: Entry<Session>,
    call: Call | undefined,
    outcome?: TransactionOutcome,
    kept?: { readonly value: unknown },
  ) {
    this.#pool = pool;
    this.#entry = entry;
    this.#call = call;
    this.#outcome = outcome;
    this.kept = kept;
  }

  get session(): Session {
    return this.#entry.connection;
  }

  get doom(): Doom | undefined {
    return this.#doom;
  }

  get escaped(): boolean {
    return this.#escaped;
  }

  get wrote(): boolean {
    return this.#wrote;
  }

  /** Runs a statement of the call in this transaction. */
  run(request: Statement, settle: Settle): void {
    if (this.#ended) return settle(overError(), undefined);
    if (this.#doom !== undefined) return settle(this.#doom.error, this.#doom.failure);
    issue(this.session, this.#nested(request), this.#call, (error, failure, rows, fields) => {
      if (error === null) this.#noteDone(request);
      else if (failure !== undefined && (failure.fatal || rollsBack(error)))
        this.#doom ??= { error, failure };
      settle(error, failure, rows, fields);
    });
  }

  async commit<R>(value: R): Promise<R> {
    try {
      await this.#seal(value);
      this.#ended = true;
      // It may have ended already, by a statement that commits.
      const failed = this.session.inTransaction ? await this.#issueCommit() : undefined;
      if (failed === undefined) {
        this.#pool.give(this.#entry, true);
        this.#outcome?.committed();
        return value;
      }
      const { error, failure } = failed;
      if (failure !== undefined) this.#doom = { error, failure };
      giveBack(this.#pool, this.#entry, failure);
      if (failure?.outcome === 'unknown' && this.#sealed) return await this.#resolved(error, value);
      throw error;
    } finally {
      if (this.#ended) this.#outcome?.end();
    }
  }

  /** Writes what the outcome will be known by. */
  async #seal(value: unknown): Promise<void> {
    const outcome = this.#outcome;
    if (outcome === undefined || !this.session.inTransaction) return;
    const wrote = this.#wrote;
    await new Promise<void>((resolve, reject) => {
      this.run(outcome.seal(value), (error) => {
        if (error === null) return resolve();
        outcome.notSealed(error);
        reject(error);
      });
    });
    this.#wrote = wrote;
    this.#sealed = true;
  }

  /** The reply to COMMIT was lost: finds out what became of it. */
  async #resolved<R>(error: unknown, value: R): Promise<R> {
    const resolution = await this.#outcome?.resolve(this.session);
    if (resolution === 'committed') {
      const kept = await this.#outcome?.valueOf(value);
      this.#doom = undefined;
      return kept as R;
    }
    if (resolution !== 'rolled back') throw error;
    const rolledBack = recordFailure(
      new Error('the transaction was rolled back', { cause: error }),
      ROLLED_BACK,
    );
    this.#doom = { error: rolledBack, failure: ROLLED_BACK };
    throw rolledBack;
  }

  #issueCommit(): Promise<{ readonly error: unknown; readonly failure: Failure | undefined } | undefined> {
    return new Promise((resolve) => {
      issue(this.session, COMMIT, this.#call, (error, failure) => {
        resolve(error === null ? undefined : { error, failure });
      });
    });
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#outcome?.end();
    const { session } = this;
    if (session.stopping !== undefined) return this.#pool.give(this.#entry);
    if (!session.open || session.busy) return this.#pool.discard(this.#entry, !session.open);
    try {
      await issued(session, ROLLBACK);
      this.#pool.give(this.#entry, true);
    } catch {
      // The first error is the one that counts; without a connection the server rolls back by itself.
      this.#pool.discard(this.#entry, !session.open);
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#savepoints += 1;
    const name = `fresh_${this.#savepoints}`;
    await this.#own(`SAVEPOINT ${name}`);
    try {
      const value = await work();
      await this.#own(`RELEASE SAVEPOINT ${name}`);
      return value;
    } catch (error) {
      if (this.#doom === undefined && !this.#ended)
        await this.#own(`ROLLBACK TO SAVEPOINT ${name}`).catch(() => undefined);
      throw error;
    } finally {
      this.#savepoints -= 1;
    }
  }

  #own(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.run(statement('query', sql, undefined), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** BEGIN, COMMIT and ROLLBACK of an ORM inside the handler's transaction are a nested part of it. */
  #nested(request: Statement): Statement {
    const { kind } = request.traits;
    if (kind === 'begin') {
      this.#savepoints += 1;
      return statement('query', `SAVEPOINT fresh_${this.#savepoints}`, undefined);
    }
    if (kind !== 'commit' && kind !== 'rollback') return request;
    const verb = kind === 'commit' ? 'RELEASE SAVEPOINT' : 'ROLLBACK TO SAVEPOINT';
    if (this.#savepoints === 0) return request;
    const name = `fresh_${this.#savepoints}`;
    this.#savepoints -= 1;
    return statement('query', `${verb} ${name}`, undefined);
  }

  #noteDone({ traits }: Statement): void {
    if (traits.writes) this.#wrote = true;
    if (this.session.inTransaction || this.#escaped) return;
    this.#escaped = true;
    logger().warn(
      { resource: this.#pool.options.name, callId: this.#call?.id },
      'a statement ended the transaction it ran in, as definitions do; what follows is not part of it',
    );
  }
}

function overError(): Error {
  return new Error('the transaction is over: a statement was sent in it after the handler had returned');
}
