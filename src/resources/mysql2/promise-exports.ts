/**
 * What stands in for `mysql2/promise`: the same exports and types, over connections that are fresh. mysql2's
 * types are named one by one: the bundled declarations lose an `export *` inside the default export.
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

export type {
  AuthPlugin,
  AuthPluginDefinition,
  ConnectionConfig,
  ConnectionOptions,
  ConnectionState,
  ConnectTraceContext,
  ErrorPacketParams,
  ExecuteTraceContext,
  ExecuteValues,
  Field,
  FieldPacket,
  IntegerTypedParameterFactory,
  JsonTypedParameterFactory,
  OkPacket,
  OkPacketParams,
  Pool,
  PoolCluster,
  PoolClusterOptions,
  PoolConnectTraceContext,
  PoolNamespace,
  PoolOptions,
  Prepare,
  PreparedStatementInfo,
  PrepareStatementInfo,
  ProcedureCallPacket,
  Query,
  QueryError,
  QueryOptions,
  QueryResult,
  QueryTraceContext,
  QueryValues,
  Raw,
  ResultSetHeader,
  RowDataPacket,
  SqlValue,
  SslOptions,
  Timezone,
  TypeCast,
  TypeCastField,
  TypeCastGeometry,
  TypeCastNext,
  TypeCastType,
  TypedParameterFactory,
  TypedParameterInput,
  TypedParameterValue,
} from 'mysql2/promise';
export {
  Connection,
  clearParserCache,
  escape,
  escapeId,
  format,
  PoolConnection,
  raw,
  setMaxParserCache,
} from 'mysql2/promise';
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

// What mysql2 defines by getters is not found in it by name.
export const Types: typeof mysql2promise.Types = mysql2promise.Types;
export const Charsets: typeof mysql2promise.Charsets = mysql2promise.Charsets;
export const CharsetToEncoding: typeof mysql2promise.CharsetToEncoding = mysql2promise.CharsetToEncoding;
export const TypedParameter: typeof mysql2promise.TypedParameter = mysql2promise.TypedParameter;

// What mysql2 exports and its types do not know.
const untyped = mysql2promise as unknown as Readonly<Record<string, unknown>>;
export const PromisePool: unknown = untyped.PromisePool;
export const PromiseConnection: unknown = untyped.PromiseConnection;
export const PromisePoolConnection: unknown = untyped.PromisePoolConnection;
