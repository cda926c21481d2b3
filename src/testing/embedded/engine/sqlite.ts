import { importOptional } from '../../import-optional.js';
import type { Value } from '../column.js';

/** The part of sql.js that is used here; the package comes without types. */
export interface SqliteStatement {
  step(): boolean;
  get(parameters: null, options: { useBigInt: true }): Value[];
  getColumnNames(): string[];
  free(): boolean;
}

export interface SqliteDatabase {
  run(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  getRowsModified(): number;
  create_function(name: string, implementation: (...args: never[]) => unknown): unknown;
  close(): void;
}

interface Sqljs {
  readonly default: (options: { useOldExtensionFunctions: boolean }) => Promise<{
    Database: new () => SqliteDatabase;
  }>;
}

/** A new, empty database in memory. */
export async function openSqlite(): Promise<SqliteDatabase> {
  // @ts-expect-error sql.js comes without types
  const { default: initialise } = await importOptional<Sqljs>('sql.js', () => import('sql.js'));
  const { Database } = await initialise({ useOldExtensionFunctions: false });
  return new Database();
}
