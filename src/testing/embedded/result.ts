import type { ResultColumn, Value } from './column.js';

/** A statement was carried out. */
export interface OkResult {
  readonly kind: 'ok';
  readonly affectedRows: number;
  readonly insertId: bigint;
  readonly info: string;
}

/** A statement gave rows. */
export interface RowsResult {
  readonly kind: 'rows';
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Value[])[];
}

/** What a statement came to. */
export type Result = OkResult | RowsResult;

/** A statement was carried out and changed no rows. */
export const DONE: OkResult = { kind: 'ok', affectedRows: 0, insertId: 0n, info: '' };
