import { type LogFields, type Logger, setLogger } from 'fresh-connections';
import type { FreshPoolFeatures, FreshPoolOptions } from 'fresh-connections/mysql2';
import mysql, { type Pool, type RowDataPacket } from 'fresh-connections/mysql2/promise';
import {
  FaultProxy,
  type PrivateDatabase,
  type StartDatabaseOptions,
  startDatabase,
} from 'fresh-connections/testing';
import plain, { type Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { findServer } from '../../src/testing/database/server-binary.js';

/** A pool under test. */
export type TestPool = Pool & FreshPoolFeatures;

/** A line that was logged. */
export interface LogLine {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

/** A private MariaDB, a fault proxy before it, and pools that are closed after each test. */
export class Mariadb {
  readonly server: PrivateDatabase;
  readonly logged: LogLine[] = [];
  #proxy: FaultProxy | undefined;
  #admin: Connection | undefined;
  #pools: TestPool[] = [];

  constructor(server: PrivateDatabase) {
    this.server = server;
  }

  /** Plain mysql2, past the proxy; a new one for each test, which may have crashed the server. */
  get admin(): Connection {
    if (this.#admin === undefined) throw new Error('the admin connection lives during a test');
    return this.#admin;
  }

  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new Error('the proxy lives during a test');
    return this.#proxy;
  }

  /** A pool through the proxy. */
  pool(options: FreshPoolOptions = {}): TestPool {
    const { user, password, database } = this.server;
    const { host, port } = this.proxy;
    const pool = mysql.createPool({ host, port, user, password, database, ...options });
    this.#pools.push(pool);
    return pool;
  }

  /** A pool past the proxy. */
  direct(options: FreshPoolOptions = {}): TestPool {
    const { host, port } = this.server;
    return this.pool({ host, port, ...options });
  }

  /** One number that the server holds, asked past everything. */
  async number(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [rows] = await this.admin.query<RowDataPacket[]>(sql, [...values]);
    return Number(Object.values(rows[0] ?? {})[0]);
  }

  async open(): Promise<void> {
    this.#admin = await plain.createConnection({ uri: this.server.uri, multipleStatements: true });
    this.#admin.on('error', () => undefined);
    this.#proxy = await FaultProxy.start({ target: { host: this.server.host, port: this.server.port } });
    setLogger(collector(this.logged));
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
    this.#pools = [];
    await this.#proxy?.close();
    this.#proxy = undefined;
    this.#admin?.destroy();
    this.logged.length = 0;
  }
}

function collector(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  return { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
}

const missing = (await findServer('mariadb')) === undefined;

/** A suite against a private MariaDB; it says so where it is skipped. */
export function describeWithMariadb(
  name: string,
  suite: (fixture: { readonly db: Mariadb }) => void,
  options: StartDatabaseOptions = {},
): void {
  describe.skipIf(missing)(missing ? `${name} (needs MariaDB: mariadbd is not installed)` : name, () => {
    let db: Mariadb | undefined;
    beforeAll(async () => {
      const server = await startDatabase({ prefer: 'mariadb', ...options });
      if (server.kind === 'external') throw new Error('a private MariaDB was asked for');
      db = new Mariadb(server);
    }, 60_000);
    afterAll(async () => {
      await db?.server.stop();
    }, 60_000);
    beforeEach(() => db?.open());
    afterEach(() => db?.close());
    suite({
      get db() {
        if (db === undefined) throw new Error('the server is not running');
        return db;
      },
    });
  });
}
