import mysql2promise from 'mysql2/promise';
import type { PoolStats } from '../../core/pool/index.js';
import type { TransactionOptions } from '../../core/registry/resource.js';
import { type FreshPromiseConnection, promiseConnection } from './promise-connection.js';
import type { MysqlResource } from './resource.js';
import { runStatement } from './run-statement.js';
import { type Statement, statement } from './statement.js';

/** mysql2's promise pool, as a class; its types do not export it as one. */
interface PromisePoolClass {
  new (pool: object, promiseImpl?: PromiseConstructor): { readonly pool: unknown };
}

const PromisePool: PromisePoolClass = (mysql2promise as unknown as { PromisePool: PromisePoolClass })
  .PromisePool;

/** The callback pool behind it. */
interface CallbackPool {
  readonly resource: MysqlResource;
  readonly stats: PoolStats;
  getConnection(callback: (error: unknown, connection?: object) => void): void;
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
  end(callback: () => void): void;
}

/** Stands in for mysql2's promise pool; statements go to the resource without a detour. */
export class FreshPromisePool extends PromisePool {
  readonly #pool: CallbackPool;

  constructor(pool: CallbackPool, promiseImpl: PromiseConstructor = Promise) {
    super(pool, promiseImpl);
    this.#pool = pool;
  }

  get stats(): PoolStats {
    return this.#pool.stats;
  }

  query(sql: unknown, values?: unknown): Promise<[unknown, unknown]> {
    return this.#run('query', sql, values);
  }

  execute(sql: unknown, values?: unknown): Promise<[unknown, unknown]> {
    return this.#run('execute', sql, values);
  }

  getConnection(): Promise<FreshPromiseConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((error, connection) => {
        if (connection === undefined) reject(error);
        else resolve(promiseConnection(connection));
      });
    });
  }

  releaseConnection(connection: FreshPromiseConnection): void {
    connection.release();
  }

  /** See `transaction` of the pool. */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#pool.transaction(work, options);
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#pool.end(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #run(protocol: Statement['protocol'], sql: unknown, values: unknown): Promise<[unknown, unknown]> {
    if (typeof values === 'function') throw new TypeError('a promise pool takes no callback');
    const request = statement(protocol, sql, values);
    return new Promise((resolve, reject) => {
      runStatement(this.#pool.resource, request, (error, _failure, rows, fields) => {
        if (error === null) resolve([rows, fields]);
        else reject(error);
      });
    });
  }
}
