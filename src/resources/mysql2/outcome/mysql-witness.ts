import { bounded } from '../../../core/pool/bounded.js';
import type { Entry, Pool } from '../../../core/pool/index.js';
import { isSameServer } from '../cancel-proof.js';
import type { Session } from '../session.js';
import { issued, type Statement, statement } from '../statement.js';
import { type OutcomeTable, own } from './outcome-table.js';
import type { Witness } from './resolve-outcome.js';
import type { SessionMark } from './session-mark.js';

/** What a witness is asked about. */
export interface LostTransaction {
  readonly pool: Pool<Session>;
  readonly table: OutcomeTable;
  /** Of its row. */
  readonly id: string;
  /** Whether the row's id is a key that is used again: then the fence is taken back, its lock was proof enough. */
  readonly reusesId: boolean;
  readonly mark: SessionMark | undefined;
  readonly session: Session;
}

const NO_SUCH_THREAD = 1094;
const DUPLICATE = 1062;
const LOCK_WAIT_TIMEOUT = 1205;
/** A fence waits for the lock so long, in seconds; then the session is looked for again. */
const LOCK_WAIT_S = 1;
const ANSWER_MS = 3_000;

/** Calls a witness: a connection of the pool, before all callers that wait for one. */
export async function callWitness(lost: LostTransaction, withinMs: number): Promise<Witness> {
  const { pool } = lost;
  const entry = await bounded(
    withinMs,
    () => pool.take({ urgent: true }),
    (late) => pool.give(late),
  );
  try {
    // It makes the session one that is reset before anybody else gets it.
    const limit = statement('query', `SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_S}`, undefined);
    await bounded(ANSWER_MS, () => issued(entry.connection, limit));
    return new MysqlWitness(lost, entry);
  } catch (error) {
    pool.discard(entry, true);
    throw error;
  }
}

class MysqlWitness implements Witness {
  readonly #lost: LostTransaction;
  readonly #entry: Entry<Session>;

  constructor(lost: LostTransaction, entry: Entry<Session>) {
    this.#lost = lost;
    this.#entry = entry;
  }

  get atSameServer(): boolean {
    return isSameServer(this.#entry.connection, this.#lost.session);
  }

  async sees(): Promise<boolean> {
    const { mark } = this.#lost;
    if (mark === undefined) return false;
    const rows = await this.#ask(own('SELECT IS_USED_LOCK(?) AS holder', [mark.lock]));
    return Number((rows as { holder: unknown }[])[0]?.holder) === mark.id;
  }

  async kill(): Promise<void> {
    const { mark } = this.#lost;
    if (mark === undefined) return;
    try {
      await this.#ask(statement('query', `KILL ${mark.id}`, undefined));
    } catch (error) {
      if (numberOf(error) !== NO_SUCH_THREAD) throw error;
    }
  }

  async fence(): Promise<'written' | 'waiting' | 'taken'> {
    const { table, id, reusesId } = this.#lost;
    if (reusesId) await this.#ask(statement('query', 'START TRANSACTION', undefined));
    try {
      await this.#ask(table.insert(id, 'fence'));
      return 'written';
    } catch (error) {
      if (numberOf(error) === DUPLICATE) return 'taken';
      if (numberOf(error) === LOCK_WAIT_TIMEOUT) return 'waiting';
      throw error;
    } finally {
      if (reusesId && this.#entry.connection.open) await this.#ask(statement('query', 'ROLLBACK', undefined));
    }
  }

  async read(): Promise<'own' | 'fence' | undefined> {
    const { table, id } = this.#lost;
    const row = await bounded(ANSWER_MS, () => table.read(this.#entry.connection, id));
    if (row === undefined) return undefined;
    return row.state === 'fence' ? 'fence' : 'own';
  }

  dismiss(failed: boolean): void {
    const { pool } = this.#lost;
    if (failed) pool.discard(this.#entry, !this.#entry.connection.open);
    else pool.give(this.#entry);
  }

  #ask(request: Statement): Promise<unknown> {
    return bounded(ANSWER_MS, () => issued(this.#entry.connection, request));
  }
}

function numberOf(error: unknown): unknown {
  return (error as { errno?: unknown }).errno;
}
