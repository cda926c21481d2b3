import { randomUUID } from 'node:crypto';
import { failureOf } from 'fresh-connections';
import freshMysql from 'fresh-connections/mysql2/promise';
import mysql, { type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import type { Told } from './history.js';
import { type Transfer, transfer } from './ledger.js';

/** Where a contestant connects to. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Someone who makes transfers. */
export interface Contestant extends AsyncDisposable {
  make(one: Transfer): Promise<Told>;
}

/** How the fresh pool runs transfers, and what is asked of it. */
export type Style = 'exactly once' | 'transaction' | 'naive SELECT' | 'blind second run';

const CONNECTIONS = 12;
/** A connection that is silent so long is given up, by those that know no better. */
const PATIENCE_MS = 150;
const DIAL_MS = 500;

/** One contestant of each style. The last two are planted: the checker has to catch them. */
export function contestant(style: Style, address: Address): Contestant {
  if (style === 'exactly once' || style === 'transaction')
    return new Fresh(address, style === 'exactly once');
  return new Planted(address, style);
}

class Fresh implements Contestant {
  readonly #pool: ReturnType<typeof freshMysql.createPool>;
  readonly #exactlyOnce: boolean;

  constructor(address: Address, exactlyOnce: boolean) {
    const fresh = {
      name: `chaos ${randomUUID()}`,
      silenceMs: PATIENCE_MS,
      acquireTimeoutMs: 15_000,
      dialTimeoutMs: DIAL_MS,
    };
    this.#pool = freshMysql.createPool({ ...address, connectionLimit: CONNECTIONS, fresh });
    this.#exactlyOnce = exactlyOnce;
  }

  async make(one: Transfer): Promise<Told> {
    try {
      await this.#pool.transaction(() => transfer(this.#pool, one), { exactlyOnce: this.#exactlyOnce });
      return 'done';
    } catch (error) {
      return failureOf(error)?.outcome === 'none' ? 'failed' : 'unknown';
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.end();
  }
}

/** What people write by hand over bare mysql2, with a marker row or without. */
class Planted implements Contestant {
  readonly #pool: mysql.Pool;
  readonly #style: Style;

  constructor(address: Address, style: Style) {
    this.#pool = mysql.createPool({ ...address, connectionLimit: CONNECTIONS });
    this.#pool.on('connection', (connection) => connection.on('error', () => undefined));
    this.#style = style;
  }

  async make(one: Transfer): Promise<Told> {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const marker = randomUUID();
      try {
        await this.#attempt(one, marker);
        return 'done';
      } catch (error) {
        if (!(error instanceof LostCommit)) continue;
        if (this.#style === 'naive SELECT' && (await this.#isThere(marker))) return 'done';
      }
    }
    return 'failed';
  }

  async #attempt(one: Transfer, marker: string): Promise<void> {
    const connection = await this.#pool.getConnection();
    try {
      await within(connection, connection.query('START TRANSACTION'));
      await within(connection, transfer(connection, one));
      await within(connection, connection.query('INSERT INTO marker VALUES (?)', [marker]));
    } catch (error) {
      connection.destroy();
      throw error;
    }
    try {
      await within(connection, connection.query('COMMIT'));
      connection.release();
    } catch (error) {
      connection.destroy();
      throw new LostCommit('the reply to COMMIT was lost', { cause: error });
    }
  }

  async #isThere(marker: string): Promise<boolean> {
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      try {
        const connection = await this.#pool.getConnection();
        const read = connection.query<RowDataPacket[]>('SELECT 1 FROM marker WHERE id = ?', [marker]);
        const [rows] = await within(connection, read);
        connection.release();
        return rows.length > 0;
      } catch {
        // Asked again on another connection.
      }
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}

class LostCommit extends Error {}

async function within<T>(connection: PoolConnection, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    const { stream } = connection.connection as unknown as { stream: { destroy(error: Error): void } };
    stream.destroy(new Error('too slow'));
  }, PATIENCE_MS);
  let late: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error('too slow')), PATIENCE_MS + 50);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    clearTimeout(late);
    work.catch(() => undefined);
  }
}
