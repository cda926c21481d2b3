import type { PoolStats } from '../../core/pool/index.js';
import type { TransactionOptions } from '../../core/registry/resource.js';

/** What a pool has beside what mysql2's has. */
export interface FreshPoolFeatures {
  /** Numbers of the pool at this moment. */
  readonly stats: PoolStats;
  /**
   * Runs work in a transaction: statements of the pool inside it join. It runs again as a whole when it surely
   * rolled back; inside another one it is a savepoint.
   */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
}
