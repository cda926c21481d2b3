import type { ConnectionOptions, PoolOptions as MysqlPoolOptions } from 'mysql2';
import {
  FRESHNESS_OPTIONS,
  type FreshnessOptions,
  type PoolOptions,
  resolvePoolOptions,
} from '../../core/pool/index.js';
import type { ResolvedPoolOptions } from '../../core/pool/options.js';
import { numberOption, refuseUnknownOptions, show, typedOption } from '../../core/process/check-options.js';
import { MAX_TIMER_MS } from '../../core/process/clock.js';
import { connections, type Registry } from '../../core/registry/registry.js';

/** A value, or a function that is asked for it at every dial. */
export type AtDial<T> = T | (() => T | Promise<T>);

/** Runs on every new or reset connection before it is used. */
export type SessionInit = (
  query: (sql: string, values?: readonly unknown[]) => Promise<unknown>,
) => Promise<unknown>;

/** What `fresh` adds to the options of mysql2. Times in milliseconds. */
export interface FreshOptions extends FreshnessOptions {
  /** The resource's name in the registry. Default `'default'`; a single connection is only registered by name. */
  readonly name?: string;
  /** The registry it joins. Default: that of the process, `connections`. */
  readonly registry?: Registry;
  /** Statements, or a function, that make a session as it should be. Default: none. */
  readonly init?: string | readonly string[] | SessionInit;
  /** Whether reads outside of transactions are repeated when their connection was lost. Default `true`. */
  readonly repeatReads?: boolean;
  /** The table that `exactlyOnce` keeps outcomes in. Default `'fresh_outcome'`, in the connection's database. */
  readonly outcomeTable?: string;
  /** How long outcomes, and results under idempotency keys, are kept. Default 24 h. */
  readonly outcomeRetentionMs?: number;
  /**
   * After so long without a byte of the reply, the server is asked whether it still runs the statement; 0 for
   * never. Default 1000.
   */
  readonly silenceMs?: number;
  /** Asked at every dial; wins over mysql2's option of the same name. */
  readonly host?: AtDial<string>;
  /** Asked at every dial; wins over mysql2's option of the same name. */
  readonly port?: AtDial<number>;
  /** Asked at every dial; wins over mysql2's option of the same name. */
  readonly user?: AtDial<string>;
  /** Asked at every dial; wins over mysql2's option of the same name. For tokens that rotate. */
  readonly password?: AtDial<string>;
  /** Asked at every dial; wins over mysql2's option of the same name. */
  readonly ssl?: AtDial<ConnectionOptions['ssl']>;
}

/** mysql2's connection options and `fresh`. */
export interface FreshConnectionOptions extends ConnectionOptions {
  readonly fresh?: FreshOptions;
}

/** mysql2's pool options and `fresh`. */
export interface FreshPoolOptions extends MysqlPoolOptions {
  readonly fresh?: FreshOptions;
}

/** The options of which `fresh` may hold a function. */
export const AT_DIAL = ['host', 'port', 'user', 'password', 'ssl'] as const;

const OWN = [
  'name',
  'registry',
  'init',
  'repeatReads',
  'outcomeTable',
  'outcomeRetentionMs',
  'silenceMs',
  ...AT_DIAL,
];

/** Options, checked once and complete. */
export interface ResolvedOptions {
  readonly pool: ResolvedPoolOptions;
  /** What mysql2 is given at each dial. */
  readonly connection: ConnectionOptions;
  readonly fresh: FreshOptions;
  readonly registry: Registry;
  readonly repeatReads: boolean;
  readonly silenceMs: number;
}

/**
 * Checks the options of a pool. mysql2's own keep their meaning: a `connectionLimit` or `queueLimit` of 0 is
 * no limit.
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function resolveOptions(given: string | FreshPoolOptions): ResolvedOptions {
  const { fresh = {}, ...connection } = typeof given === 'string' ? { uri: given } : checkObject(given);
  checkFresh(fresh);
  const pool = resolvePoolOptions('createPool', {
    ...limits(connection),
    ...freshness(fresh),
    name: fresh.name ?? 'default',
  });
  return {
    pool,
    connection: { ...connection, connectTimeout: connection.connectTimeout ?? pool.dialTimeoutMs },
    fresh,
    registry: fresh.registry ?? connections,
    repeatReads: fresh.repeatReads ?? true,
    silenceMs: numberOption('createPool: fresh', 'silenceMs', fresh.silenceMs, 1000, {
      min: 0,
      max: MAX_TIMER_MS,
    }),
  };
}

function checkObject<T>(given: T): T {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`createPool: options must be a connection URI or an object, got ${show(given)}`);
  }
  return given;
}

/** Other processes purge the same table: a row must outlive the time in which its outcome is asked for. */
const RETENTION = { min: 60_000, max: Number.MAX_SAFE_INTEGER };

function checkFresh(fresh: FreshOptions): void {
  typedOption('createPool', 'fresh', fresh, 'object');
  refuseUnknownOptions('createPool: fresh', fresh, [...OWN, ...FRESHNESS_OPTIONS]);
  typedOption('createPool: fresh', 'name', fresh.name, 'string');
  typedOption('createPool: fresh', 'repeatReads', fresh.repeatReads, 'boolean');
  typedOption('createPool: fresh', 'outcomeTable', fresh.outcomeTable, 'string');
  numberOption('createPool: fresh', 'outcomeRetentionMs', fresh.outcomeRetentionMs, 0, RETENTION);
  const { registry, init } = fresh;
  if (registry !== undefined && typeof registry.add !== 'function') {
    throw new TypeError(`createPool: fresh: registry must be a Registry, got ${show(registry)}`);
  }
  const statements = typeof init === 'string' ? [init] : init;
  if (statements === undefined || typeof statements === 'function') return;
  if (Array.isArray(statements) && statements.every((one) => typeof one === 'string')) return;
  throw new TypeError(
    `createPool: fresh: init must be a statement, a list of them or a function, got ${show(init)}`,
  );
}

function freshness(fresh: FreshOptions): FreshnessOptions {
  return Object.fromEntries(Object.entries(fresh).filter(([name]) => FRESHNESS_OPTIONS.includes(name)));
}

type Limits = Pick<
  MysqlPoolOptions,
  'connectionLimit' | 'maxIdle' | 'idleTimeout' | 'queueLimit' | 'waitForConnections' | 'connectTimeout'
>;

function limits(options: Limits): Omit<PoolOptions, 'name'> {
  const { connectionLimit, maxIdle, idleTimeout, queueLimit, waitForConnections, connectTimeout } = options;
  const count = (name: string, value: unknown): number | undefined =>
    value === undefined
      ? undefined
      : numberOption('createPool', name, value, 0, { min: 0, max: Number.POSITIVE_INFINITY });
  return withoutUndefined({
    maxConnections: unlimited(count('connectionLimit', connectionLimit)),
    maxIdle: count('maxIdle', maxIdle),
    idleTimeoutMs: count('idleTimeout', idleTimeout),
    queueLimit: unlimited(count('queueLimit', queueLimit)),
    dialTimeoutMs: count('connectTimeout', connectTimeout),
    waitForConnections,
  });
}

function unlimited(value: number | undefined): number | undefined {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
