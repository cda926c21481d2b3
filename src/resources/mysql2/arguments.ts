import type { ResultCallback } from './raw-connection.js';

/** The arguments of mysql2's `query` and `execute`, sorted. */
export interface StatementArguments {
  readonly sql: unknown;
  readonly values: unknown;
  readonly callback: ResultCallback | undefined;
}

/** Sorts `(sql, callback)`, `(sql, values, callback)` and `(options, values?, callback)`. */
export function statementArguments(sql: unknown, values: unknown, callback: unknown): StatementArguments {
  const last = typeof values === 'function' ? values : callback;
  return {
    sql,
    values: typeof values === 'function' ? undefined : values,
    callback: typeof last === 'function' ? (last as ResultCallback) : undefined,
  };
}
