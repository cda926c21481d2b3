/**
 * What stands in for `mysql2`: the same exports and types, over connections that are fresh. mysql2's types are
 * named one by one: the bundled declarations lose an `export *` inside the default export.
 */
import mysql2, {
  type Connection as MysqlConnection,
  type ConnectionConfig as MysqlConnectionConfig,
  type Pool as MysqlPool,
  type PoolCluster as MysqlPoolCluster,
  type PoolClusterOptions as MysqlPoolClusterOptions,
} from 'mysql2';
import { FreshPoolCluster } from './cluster.js';
import { openConnection } from './create-connection.js';
import type { FreshPoolFeatures } from './fresh-features.js';
import type { FreshConnectionOptions, FreshPoolOptions } from './options.js';
import { FreshPool } from './pool.js';
import * as promises from './promise-exports.js';

export type {
  AuthPlugin,
  AuthPluginDefinition,
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
  PoolClusterOptions,
  PoolConnectTraceContext,
  PoolNamespace,
  PoolOptions,
  Prepare,
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
} from 'mysql2';
export {
  authPlugins,
  Connection,
  clearParserCache,
  createServer,
  escape,
  escapeId,
  format,
  PoolConnection,
  raw,
  setMaxParserCache,
} from 'mysql2';
export type { FreshPoolFeatures } from './fresh-features.js';
export type {
  AtDial,
  FreshConnectionOptions,
  FreshOptions,
  FreshPoolOptions,
  SessionInit,
} from './options.js';
export { FRESH_OUTCOME_DDL } from './outcome/outcome-table.js';

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

// What mysql2 defines by getters is not found in it by name.
export const Types: typeof mysql2.Types = mysql2.Types;
export const Charsets: typeof mysql2.Charsets = mysql2.Charsets;
export const CharsetToEncoding: typeof mysql2.CharsetToEncoding = mysql2.CharsetToEncoding;
export const TypedParameter: typeof mysql2.TypedParameter = mysql2.TypedParameter;
export const createConnectionPromise: typeof promises.createConnection = promises.createConnection;
export const createPoolPromise: typeof promises.createPool = promises.createPool;
export const createPoolClusterPromise: typeof promises.createPoolCluster = promises.createPoolCluster;

// What mysql2 exports and its types do not know, or know as a type only.
const untyped = mysql2 as unknown as Readonly<Record<string, unknown>>;
export type Pool = MysqlPool;
export const Pool: unknown = untyped.Pool;
export type PoolCluster = MysqlPoolCluster;
export const PoolCluster: unknown = untyped.PoolCluster;
export type ConnectionConfig = MysqlConnectionConfig;
export const ConnectionConfig: unknown = untyped.ConnectionConfig;
export const createQuery: unknown = untyped.createQuery;
