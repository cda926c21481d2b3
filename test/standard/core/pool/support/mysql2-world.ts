import { connections } from 'fresh-connections';
import type { PoolConnection } from 'mysql2/promise';
import type { PoolOptions } from '../../../../../src/core/pool/index.js';
import type { Mariadb } from '../../../../support/mariadb.js';
import type { Lent, PoolUnderTest, PoolWorld } from './pool-world.js';

const DEFAULT_IDLE_LIMIT_S = 28_800;

/** The contract's world of mysql2 on a real MariaDB, through what users see; the network is a fault proxy. */
export class Mysql2World implements PoolWorld {
  readonly #db: Mariadb;
  #limited = false;

  constructor(db: Mariadb) {
    this.#db = db;
  }

  get accepted(): number {
    return this.#db.proxy.accepted;
  }

  pool(options: Omit<PoolOptions, 'name'> = {}): PoolUnderTest {
    const { maxConnections, maxIdle, queueLimit, waitForConnections, ...fresh } = options;
    const pool = this.#db.pool({
      ...(maxConnections === undefined ? {} : { connectionLimit: maxConnections }),
      ...(maxIdle === undefined ? {} : { maxIdle }),
      ...(queueLimit === undefined ? {} : { queueLimit }),
      ...(waitForConnections === undefined ? {} : { waitForConnections }),
      fresh,
    });
    const resource = connections.get('default');
    if (resource === undefined) throw new Error('a pool registers itself');
    return {
      get stats() {
        return pool.stats;
      },
      get health() {
        return resource.health;
      },
      take: async () => lent(await pool.getConnection()),
      drain: (graceMs) => resource.drain(graceMs),
    };
  }

  async setIdleLimit(seconds: number): Promise<void> {
    this.#limited = true;
    await this.#db.server.setGlobal('wait_timeout', seconds);
  }

  end(ids?: readonly number[]): void {
    const { proxy } = this.#db;
    proxy.reset(proxy.list().filter(({ threadId }) => ids === undefined || ids.includes(threadId ?? -1)));
  }

  silence(): void {
    this.#db.proxy.silence();
  }

  delay(ms: number): void {
    this.#db.proxy.delay(ms);
  }

  mute(): void {
    this.#db.proxy.mute();
  }

  heal(): void {
    this.#db.proxy.heal();
  }

  refuse(): void {
    this.#db.proxy.refuse();
  }

  accept(): Promise<void> {
    return this.#db.proxy.accept();
  }

  async close(): Promise<void> {
    if (this.#limited) await this.#db.server.setGlobal('wait_timeout', DEFAULT_IDLE_LIMIT_S);
  }
}

function lent(connection: PoolConnection): Lent {
  return {
    id: connection.threadId,
    use: () => connection.query('SELECT 1'),
    alter: () => connection.query('SET @altered = 1'),
    keepBusy: () => {
      connection.query('SELECT SLEEP(0.2)').catch(() => undefined);
    },
    release: () => connection.release(),
  };
}
