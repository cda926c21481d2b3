/**
 * Stands in for `mysql2/promise`: the same exports and types, over connections that are fresh.
 *
 * @module
 */
import type { PoolClusterOptions as MysqlPoolClusterOptions } from 'mysql2';
import mysql2promise, {
  type Connection as MysqlConnection,
  type Pool as MysqlPool,
  type PoolCluster as MysqlPoolCluster,
} from 'mysql2/promise';
import { FreshPoolCluster } from './cluster.js';
import { openConnection } from './create-connection.js';
import type { FreshPoolFeatures } from './fresh-features.js';
import type { FreshConnectionOptions, FreshPoolOptions } from './options.js';
import { FreshPool } from './pool.js';
import { promiseCluster } from './promise-cluster.js';
import { promiseConnection } from './promise-connection.js';

export * from 'mysql2/promise';
export type { FreshPoolFeatures } from './fresh-features.js';
export type {
  AtDial,
  FreshConnectionOptions,
  FreshOptions,
  FreshPoolOptions,
  SessionInit,
} from './options.js';

/** A pool whose connections are fresh when they are used; see {@link FreshPoolOptions}. */
export function createPool(options: string | FreshPoolOptions): MysqlPool & FreshPoolFeatures {
  return new FreshPool(options).promise() as unknown as MysqlPool & FreshPoolFeatures;
}

/** A connection that is dialed again when it was lost while nothing of its state mattered; resolves when it is open. */
export function createConnection(options: string | FreshConnectionOptions): Promise<MysqlConnection> {
  const connection = openConnection(options);
  return new Promise((resolve, reject) => {
    connection.connect((error: unknown) => {
      if (error === null) return resolve(promiseConnection(connection) as unknown as MysqlConnection);
      connection.destroy();
      return reject(error);
    });
  });
}

/** A cluster of fresh pools. */
export function createPoolCluster(options?: MysqlPoolClusterOptions): MysqlPoolCluster {
  return promiseCluster(new FreshPoolCluster(options));
}

// What mysql2 defines by getters is not found by `export *`.
export const Types: typeof mysql2promise.Types = mysql2promise.Types;
export const Charsets: typeof mysql2promise.Charsets = mysql2promise.Charsets;
export const CharsetToEncoding: typeof mysql2promise.CharsetToEncoding = mysql2promise.CharsetToEncoding;
export const TypedParameter: typeof mysql2promise.TypedParameter = mysql2promise.TypedParameter;

type Drop = Omit<typeof mysql2promise, 'createPool' | 'createConnection' | 'createPoolCluster'> & {
  readonly createPool: typeof createPool;
  readonly createConnection: typeof createConnection;
  readonly createPoolCluster: typeof createPoolCluster;
};

const drop: Drop = { ...mysql2promise, createPool, createConnection, createPoolCluster };

export default drop;
