import type { IdempotencyKey } from '../once/index.js';

/** Whether a resource can serve. */
export type Health = 'up' | 'down';

/** How a transaction is to be run. */
export interface TransactionOptions {
  /** Isolation level. Default: the session's. */
  readonly isolation?: IsolationLevel;
  /** Whether the transaction only reads. Default `false`. */
  readonly readOnly?: boolean;
  /**
   * Whether the outcome is found out when the reply to COMMIT is lost: by a row that is written in the same
   * transaction. With a key, work that was done under it already is not done again, and its result is
   * returned. Default `false`.
   */
  readonly exactlyOnce?: boolean | IdempotencyKey;
}

/** The isolation levels of SQL, in lower case. */
export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

/** The isolation levels, for checks of options. */
export const ISOLATION_LEVELS: readonly IsolationLevel[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
];

/**
 * A named thing connections come from: a MySQL pool, a Redis client, an etcd channel. What the core asks of
 * it; each folder under `resources/` supplies one.
 */
export interface Resource {
  /** Its name in the registry. */
  readonly name: string;
  /** Whether it can serve at the moment. */
  readonly health: Health;
  /**
   * Drops idle connections that are unusable or obsolete, and returns how many. Runs before and after every
   * call: synchronous, no network, constant time when there is nothing to drop.
   */
  dropObsolete(): number;
  /** Runs work in a transaction of the current call; absent where the resource has no transactions. */
  transaction?<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Takes no new work, waits for the checkouts that are out, then closes.
   *
   * @param graceMs how long it waits before it closes them too, in milliseconds.
   */
  drain(graceMs: number): Promise<void>;
}
