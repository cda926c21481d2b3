import type { Value } from '../column.js';
import { dateTime } from '../sql/moment.js';
import { quotedName, quotedString } from '../sql/render.js';
import { INFORMATION_SCHEMA, storedName } from '../sql/tables.js';
import { Catalog } from './catalog.js';
import { addFunctions } from './functions.js';
import { INFORMATION_TABLES, type InformationRow } from './information-tables.js';
import { Lock } from './lock.js';
import { openSqlite, type SqliteDatabase } from './sqlite.js';
import { translateError } from './translate-error.js';

/** What a query gave. */
export interface Rows {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** SQLite in memory, in the clothes of MySQL. It knows nothing of sessions. */
export class Engine {
  readonly lock: Lock = new Lock();
  readonly catalog: Catalog = new Catalog();
  readonly #sqlite: SqliteDatabase;
  /** What LAST_INSERT_ID(expression) was called with. */
  #toldInsertId: bigint | undefined;
  #foreignKeyChecks = true;
  #now: (digits: number) => string = (digits) => dateTime(new Date(), digits);

  static async open(): Promise<Engine> {
    return new Engine(await openSqlite());
  }

  private constructor(sqlite: SqliteDatabase) {
    this.#sqlite = sqlite;
    addFunctions(sqlite);
    sqlite.create_function('mysql_now', (digits: number) => this.#now(digits));
    sqlite.create_function('mysql_last_insert_id', (id: number) => {
      this.#toldInsertId = BigInt(id);
      return id;
    });
    sqlite.run('PRAGMA recursive_triggers = OFF; PRAGMA foreign_keys = ON');
    for (const [table, columns] of Object.entries(INFORMATION_TABLES)) {
      const name = quotedName(storedName(INFORMATION_SCHEMA, table));
      sqlite.run(
        `CREATE TEMP TABLE ${name} (${columns.map((column) => `${column} COLLATE NOCASE`).join(', ')})`,
      );
    }
  }

  /** What the clock shows to the statement that is about to run. */
  set now(now: (digits: number) => string) {
    this.#now = now;
  }

  /** Takes effect outside of transactions only. */
  set foreignKeyChecks(on: boolean) {
    if (on === this.#foreignKeyChecks) return;
    this.#foreignKeyChecks = on;
    this.#sqlite.run(`PRAGMA foreign_keys = ${on ? 'ON' : 'OFF'}`);
  }

  /** Runs a statement that gives no rows; returns how many it changed. */
  run(sql: string): number {
    return this.#translating(sql, () => {
      this.#sqlite.run(sql);
      return this.#sqlite.getRowsModified();
    });
  }

  /** Runs a query. */
  query(sql: string): Rows {
    return this.#translating(sql, () => {
      const statement = this.#sqlite.prepare(sql);
      try {
        const rows: Value[][] = [];
        while (statement.step()) rows.push(statement.get(null, { useBigInt: true }));
        return { names: statement.getColumnNames(), rows };
      } finally {
        statement.free();
      }
    });
  }

  /** The names of a statement's columns, and whether it would run at all. */
  describe(sql: string): readonly string[] {
    return this.#translating(sql, () => {
      const statement = this.#sqlite.prepare(sql);
      try {
        return statement.getColumnNames();
      } finally {
        statement.free();
      }
    });
  }

  count(storedTable: string): number {
    return Number(this.query(`SELECT count(*) FROM ${quotedName(storedTable)}`).rows[0]?.[0] ?? 0);
  }

  /** The row that was inserted last. */
  lastRowId(): bigint {
    return BigInt((this.query('SELECT last_insert_rowid()').rows[0]?.[0] as bigint | undefined) ?? 0n);
  }

  /** Takes what LAST_INSERT_ID(expression) was called with since it was last taken. */
  takeToldInsertId(): bigint | undefined {
    const id = this.#toldInsertId;
    this.#toldInsertId = undefined;
    return id;
  }

  /** Fills a table of the information schema with what there is now. */
  inform(table: keyof typeof INFORMATION_TABLES, rows: readonly InformationRow[]): void {
    const name = quotedName(storedName(INFORMATION_SCHEMA, table));
    this.#sqlite.run(`DELETE FROM ${name}`);
    for (const row of rows) {
      const values = row.map((value) =>
        typeof value === 'string' ? quotedString(value) : String(value ?? 'NULL'),
      );
      this.#sqlite.run(`INSERT INTO ${name} VALUES (${values.join(', ')})`);
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #translating<T>(sql: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
      throw translateError(error, { verb, findKey: this.catalog.findKey });
    }
  }
}
