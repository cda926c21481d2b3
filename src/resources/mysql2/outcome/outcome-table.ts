import mysql2 from 'mysql2';
import { type Failure, Reason, recordFailure } from '../../../errors/index.js';
import type { Session } from '../session.js';
import { issued, type Statement, statement } from '../statement.js';

const COLUMNS = `(
  id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  state ENUM('claimed', 'done', 'fence') NOT NULL,
  fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  result LONGBLOB NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY created_at (created_at)
) ENGINE=InnoDB`;

/** The name of the table when the options say nothing else. */
export const DEFAULT_TABLE = 'fresh_outcome';

/**
 * The statement that makes the table of outcomes: one row for each transaction that is run exactly once. The
 * user that runs them needs SELECT, INSERT and DELETE on it, and CREATE if it is to be made on first use.
 */
export const FRESH_OUTCOME_DDL: string = `CREATE TABLE IF NOT EXISTS ${DEFAULT_TABLE} ${COLUMNS}`;

/** A row as it is read. */
export interface OutcomeRow {
  readonly state: 'claimed' | 'done' | 'fence';
  readonly fingerprint: string | null;
  readonly result: Uint8Array | null;
}

const NO_SUCH_TABLE = 1146;
/** Refused: on the table, on the database, for a command, in a read-only transaction. */
const DENIED: readonly unknown[] = [1044, 1142, 1143, 1227];

/** The table of outcomes, and the statements on it. */
export class OutcomeTable {
  readonly #name: string;
  #ready = false;

  /** @param name escaped already, with its database where that is known. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Makes sure that the table is there, once.
   *
   * @throws Error that holds the statement to run, when there is no table and none may be made.
   */
  async ensure(session: Session): Promise<void> {
    if (this.#ready) return;
    try {
      await issued(session, own(`SELECT 1 FROM ${this.#name} LIMIT 0`));
    } catch (error) {
      const { errno } = error as { errno?: unknown };
      if (DENIED.includes(errno)) throw this.#needed(error);
      if (errno !== NO_SUCH_TABLE) throw error;
      await this.#create(session);
    }
    this.#ready = true;
  }

  /** Looks at it anew before its next use. */
  forget(): void {
    this.#ready = false;
  }

  insert(id: string, state: OutcomeRow['state']): Statement {
    return own(`INSERT INTO ${this.#name} (id, state) VALUES (?, ?)`, [id, state], WRITES);
  }

  /** With the privileges to insert and delete only. */
  replace(id: string, fingerprint: string, result: Uint8Array): Statement {
    const values = [id, 'done', fingerprint, Buffer.from(result)];
    const sql = `REPLACE INTO ${this.#name} (id, state, fingerprint, result) VALUES (?, ?, ?, ?)`;
    return own(sql, values, WRITES);
  }

  async read(session: Session, id: string): Promise<OutcomeRow | undefined> {
    const sql = `SELECT state, fingerprint, result FROM ${this.#name} WHERE id = ?`;
    const rows = (await issued(session, own(sql, [id]))) as OutcomeRow[];
    return rows[0];
  }

  /** Removes rows that are older, not more than a batch of them; resolves to how many. */
  async purge(session: Session, olderThanMs: number, batch: number): Promise<number> {
    const seconds = Math.ceil(olderThanMs / 1000);
    const sql = `SELECT id FROM ${this.#name} WHERE created_at < NOW() - INTERVAL ? SECOND LIMIT ?`;
    const rows = (await issued(session, own(sql, [seconds, batch]))) as { id: string }[];
    if (rows.length === 0) return 0;
    // By primary key: a range would lock the gap that new rows go to.
    const ids = rows.map(({ id }) => id);
    await issued(session, own(`DELETE FROM ${this.#name} WHERE id IN (?)`, [ids], WRITES));
    return rows.length;
  }

  async #create(session: Session): Promise<void> {
    try {
      await issued(session, statement('query', this.#ddl, undefined));
    } catch (error) {
      throw DENIED.includes((error as { errno?: unknown }).errno) ? this.#needed(error) : error;
    }
  }

  get #ddl(): string {
    return `CREATE TABLE IF NOT EXISTS ${this.#name} ${COLUMNS}`;
  }

  #needed(cause: unknown): Error {
    const message =
      `exactlyOnce needs the table ${this.#name}, and SELECT, INSERT and DELETE on it; ` +
      `this user may not make or read it; run: ${this.#ddl}`;
    return recordFailure(new Error(message, { cause }), MISCONFIGURED);
  }
}

const MISCONFIGURED: Failure = {
  status: 'INTERNAL',
  reason: Reason.MISCONFIGURED,
  outcome: 'none',
  transient: false,
  fatal: false,
};

/** The table's name as it stands in statements: in the database of the connections, whatever they use later. */
export function qualified(table: string, database: string | undefined): string {
  if (table.includes('.') || database === undefined) return mysql2.escapeId(table);
  return `${mysql2.escapeId(database, true)}.${mysql2.escapeId(table)}`;
}

const READS = { kind: 'read', repeatable: true, writes: false, alters: false } as const;
const WRITES = { kind: 'write', repeatable: false, writes: true, alters: false } as const;

/** A statement of our own, with rows as objects and values as they are, however the pool is configured. */
export function own(
  sql: string,
  values?: readonly unknown[],
  traits: Statement['traits'] = READS,
): Statement {
  return { protocol: 'query', sql: { sql, ...PLAIN }, values, traits };
}

const PLAIN = { rowsAsArray: false, nestTables: false, typeCast: true } as const;
