/**
 * Stands in for `mysql2`: the same exports and types, over connections that are fresh.
 *
 * @module
 */
import mysql2, {
  type Connection as MysqlConnection,
  type Pool as MysqlPool,
  type PoolCluster as MysqlPoolCluster,
  type PoolClusterOptions as MysqlPoolClusterOptions,
} from 'mysql2';
import { FreshPoolCluster } from './cluster.js';
import { openConnection } from './create-connection.js';
import type { FreshPoolFeatures } from './fresh-features.js';
import type { FreshConnectionOptions, FreshPoolOptions } from './options.js';
import { FreshPool } from './pool.js';
import * as promises from './promise.js';

export * from 'mysql2';
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
  return new FreshPool(options) as unknown as MysqlPool & FreshPoolFeatures;
}

/** A connection that is dialed again when it was lost while nothing of its state mattered. */
export function createConnection(options: string | FreshConnectionOptions): MysqlConnection {
  return openConnection(options) as unknown as MysqlConnection;
}

/** The same as {@link createConnection}. */
export const connect: typeof createConnection = createConnection;

/** A cluster of fresh pools. */
export function createPoolCluster(options?: MysqlPoolClusterOptions): MysqlPoolCluster {
  return new FreshPoolCluster(options) as unknown as MysqlPoolCluster;
}

// What mysql2 defines by getters is not found by `export *`.
export const Types: typeof mysql2.Types = mysql2.Types;
export const Charsets: typeof mysql2.Charsets = mysql2.Charsets;
export const CharsetToEncoding: typeof mysql2.CharsetToEncoding = mysql2.CharsetToEncoding;
export const TypedParameter: typeof mysql2.TypedParameter = mysql2.TypedParameter;
export const createConnectionPromise: typeof promises.createConnection = promises.createConnection;
export const createPoolPromise: typeof promises.createPool = promises.createPool;
export const createPoolClusterPromise: typeof promises.createPoolCluster = promises.createPoolCluster;

type Drop = Omit<typeof mysql2, 'createPool' | 'createConnection' | 'createPoolCluster'> & {
  readonly createPool: typeof createPool;
  readonly createConnection: typeof createConnection;
  readonly connect: typeof createConnection;
  readonly createPoolCluster: typeof createPoolCluster;
};

const drop: Drop = {
  ...mysql2,
  createPool,
  createConnection,
  connect,
  createPoolCluster,
  ...{ createConnectionPromise, createPoolPromise, createPoolClusterPromise },
};

export default drop;
