import mysql2, { type ConnectionOptions } from 'mysql2';
import { currentCall } from '../../core/call/index.js';
import { type Entry, Pool, type PoolEvents } from '../../core/pool/index.js';
import type { Registry } from '../../core/registry/registry.js';
import type { Health, Resource, TransactionOptions } from '../../core/registry/resource.js';
import { currentTransaction, runTransaction, type TransactionHost } from '../../core/transaction/index.js';
import { MysqlDriver } from './driver.js';
import type { ResolvedOptions } from './options.js';
import { Outcomes } from './outcome/outcomes.js';
import type { Session } from './session.js';
import { beginTransaction, type MysqlTransaction } from './transaction.js';

/** The part of mysql2's ConnectionConfig that is read here. */
export interface MysqlConnectionConfig {
  readonly stringifyObjects?: boolean;
  readonly timezone?: string;
  readonly database?: string;
}

function connectionConfig(options: ConnectionOptions): MysqlConnectionConfig {
  const { ConnectionConfig } = mysql2 as unknown as {
    ConnectionConfig: new (options: ConnectionOptions) => MysqlConnectionConfig;
  };
  return new ConnectionConfig({ ...options });
}

/** A MySQL server as a resource: its pool, its transactions, its place in the registry. */
export class MysqlResource implements Resource, TransactionHost<MysqlTransaction> {
  readonly name: string;
  readonly pool: Pool<Session>;
  readonly driver: MysqlDriver;
  readonly repeatReads: boolean;
  /** The options as mysql2 completes them. */
  readonly connectionConfig: MysqlConnectionConfig;
  readonly #outcomes: Outcomes;
  readonly #registry: Registry | undefined;

  /** @throws RangeError when the name is in use. */
  constructor(
    options: ResolvedOptions,
    { register, events = {} }: { register: boolean; events?: PoolEvents<Session> },
  ) {
    this.name = options.pool.name;
    this.repeatReads = options.repeatReads;
    this.#registry = register ? options.registry : undefined;
    this.#registry?.add(this);
    this.driver = new MysqlDriver(options);
    this.connectionConfig = connectionConfig(options.connection);
    this.pool = new Pool(this.driver, options.pool, events);
    this.#outcomes = new Outcomes(this.pool, {
      ...options.fresh,
      database: this.connectionConfig.database,
      resolveWithinMs: options.pool.outageBufferMs,
    });
  }

  get health(): Health {
    return this.pool.health;
  }

  dropObsolete(): number {
    return this.pool.dropObsolete();
  }

  transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return runTransaction(this, options, work);
  }

  /** The transaction of this resource in which this code runs. */
  get current(): MysqlTransaction | undefined {
    return currentTransaction(this);
  }

  begin(options: TransactionOptions): Promise<MysqlTransaction> {
    return beginTransaction(this.pool, options, currentCall(), this.#outcomes);
  }

  /** A connection for one statement or checkout; see {@link Pool.take}. */
  take(): Promise<Entry<Session>> {
    return this.pool.take({ call: currentCall() });
  }

  async drain(graceMs: number): Promise<void> {
    this.#registry?.delete(this);
    await this.pool.drain(graceMs);
  }
}
