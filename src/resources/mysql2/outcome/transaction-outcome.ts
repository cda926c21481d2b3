import type { Call } from '../../../core/call/index.js';
import type { ResultCodec } from '../../../core/once/index.js';
import { bounded } from '../../../core/pool/bounded.js';
import type { Pool } from '../../../core/pool/index.js';
import { now } from '../../../core/process/clock.js';
import { backoffMs, DIAL_BACKOFF } from '../../../core/repair/backoff.js';
import { Reason, ServiceException } from '../../../errors/index.js';
import type { Session } from '../session.js';
import { issued, type Statement } from '../statement.js';
import { callWitness } from './mysql-witness.js';
import type { OutcomeRow, OutcomeTable } from './outcome-table.js';
import { type Resolution, resolveOutcome } from './resolve-outcome.js';
import { markOf, type SessionMark } from './session-mark.js';

const DUPLICATE = 1062;
const LOCK_WAIT_TIMEOUT = 1205;
const NO_SUCH_TABLE = 1146;

/** What a row of the table stands for: one transaction, or all that is done under one key. */
export interface Identity {
  readonly id: string;
  /** What is kept under the key; absent without one. */
  readonly keyed?: { readonly fingerprint: string; readonly codec: ResultCodec };
}

/** Who keeps outcomes: the resource's share in a transaction. */
export interface OutcomeKeeper {
  readonly pool: Pool<Session>;
  readonly table: OutcomeTable;
  /** How long one goes on asking for an outcome, in milliseconds. */
  readonly resolveWithinMs: number;
  /** A transaction was committed. */
  noteCommitted(): void;
}

/** What is kept of the outcome of one transaction, from before its BEGIN to after its COMMIT. */
export class TransactionOutcome {
  readonly #outcomes: OutcomeKeeper;
  readonly #identity: Identity;
  readonly #call: Call | undefined;
  readonly #endTurn: () => void;
  #mark: SessionMark | undefined;

  constructor(outcomes: OutcomeKeeper, identity: Identity, call: Call | undefined, endTurn: () => void) {
    this.#outcomes = outcomes;
    this.#identity = identity;
    this.#call = call;
    this.#endTurn = endTurn;
  }

  /** Before BEGIN, on the session of the transaction; costs a statement once for each session. */
  async prepare(session: Session): Promise<void> {
    await this.#outcomes.table.ensure(session);
    this.#mark = await markOf(session);
  }

  /**
   * After BEGIN: claims the key. Whoever has it already is waited for; what it did is not done again.
   *
   * @returns what is kept under the key; `undefined` when there is nothing, or no key.
   * @throws ServiceException: INVALID_ARGUMENT when the key was used for something else.
   */
  async claim(session: Session): Promise<{ readonly value: unknown } | undefined> {
    if (this.#identity.keyed === undefined) return undefined;
    const { table } = this.#outcomes;
    const { id } = this.#identity;
    for (;;) {
      try {
        await issued(session, table.insert(id, 'claimed'), this.#call);
        return undefined;
      } catch (error) {
        const { errno } = error as { errno?: unknown };
        if (errno === DUPLICATE) return this.#keptIn(await table.read(session, id));
        if (errno === NO_SUCH_TABLE) table.forget();
        // The server waits for so long at a time; who has the key may take longer.
        if (errno !== LOCK_WAIT_TIMEOUT || this.#call?.aborted !== undefined) throw error;
      }
    }
  }

  /** Before COMMIT: the statement that writes the row of the transaction, with its result if it has a key. */
  seal(value: unknown): Statement {
    const { id, keyed } = this.#identity;
    const { table } = this.#outcomes;
    if (keyed === undefined) return table.insert(id, 'done');
    return table.replace(id, keyed.fingerprint, keyed.codec.encode(value));
  }

  /** The row could not be written. */
  notSealed(error: unknown): void {
    if ((error as { errno?: unknown }).errno === NO_SUCH_TABLE) this.#outcomes.table.forget();
  }

  /** The transaction is committed. */
  committed(): void {
    this.#outcomes.noteCommitted();
  }

  /**
   * What became of a COMMIT whose reply was lost.
   *
   * @param session that of the transaction.
   */
  async resolve(session: Session): Promise<Resolution> {
    const { pool, table, resolveWithinMs } = this.#outcomes;
    const { id, keyed } = this.#identity;
    const lost = { pool, table, id, reusesId: keyed !== undefined, mark: this.#mark, session };
    const giveUpAt = Math.min(now() + resolveWithinMs, this.#call?.deadlineAt ?? Number.POSITIVE_INFINITY);
    const over = (): boolean => now() >= giveUpAt || this.#call?.aborted !== undefined;
    return resolveOutcome(() => callWitness(lost, Math.max(1, giveUpAt - now())), {
      over,
      pause: (attempt) => new Promise((resolve) => setTimeout(resolve, backoffMs(DIAL_BACKOFF, attempt))),
    });
  }

  /**
   * The value of a transaction whose COMMIT was resolved. Under a key it may have been somebody else who
   * committed, once this transaction was gone: what is kept counts.
   */
  async valueOf<R>(value: R): Promise<R> {
    if (this.#identity.keyed === undefined) return value;
    const { pool, table, resolveWithinMs } = this.#outcomes;
    const entry = await pool.take({ call: this.#call, urgent: true });
    try {
      const row = await bounded(resolveWithinMs, () => table.read(entry.connection, this.#identity.id));
      pool.give(entry, true);
      return this.#keptIn(row).value as R;
    } catch (error) {
      pool.discard(entry, !entry.connection.open);
      throw error;
    }
  }

  /** The transaction is over, however it ended. */
  end(): void {
    this.#endTurn();
  }

  #keptIn(row: OutcomeRow | undefined): { readonly value: unknown } {
    const { keyed } = this.#identity;
    if (row?.state !== 'done' || keyed === undefined) throw new Error('what was kept under the key is gone');
    if (row.fingerprint !== keyed.fingerprint) throw keyReused();
    return { value: keyed.codec.decode(row.result ?? new Uint8Array()) };
  }
}

function keyReused(): ServiceException {
  return new ServiceException(
    'INVALID_ARGUMENT',
    'the idempotency key was used before, with other arguments',
    { reason: Reason.KEY_REUSED },
  );
}
