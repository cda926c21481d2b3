import type { Connection, RowDataPacket } from 'mysql2/promise';
import { ACCOUNTS, OPENING_BALANCE } from './ledger.js';

/** What a client was told of a transfer. */
export type Told = 'done' | 'failed' | 'unknown';

/** What clients were told, compared with what the server holds. */
export interface Verdict {
  readonly transfers: number;
  readonly done: number;
  readonly failed: number;
  readonly unknown: number;
  /** Told to be done, and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
  /** Told to have failed, and there. */
  readonly hidden: number;
  /** Told to be unknown, and there: the truth, but not all of it. */
  readonly unknownAndThere: number;
  /** Whether the balances add up to what there was at the start. */
  readonly moneyKept: boolean;
}

/** Invocations and results of a run, as in Jepsen's histories. */
export class History {
  readonly #told = new Map<string, Told | 'running'>();

  /** A transfer is about to be asked for. */
  invoke(name: string): void {
    this.#told.set(name, 'running');
  }

  /** Its client was told how it went. */
  note(name: string, told: Told): void {
    this.#told.set(name, told);
  }

  /** Compares with the ledger; to be asked when all transfers are over and no transaction is open. */
  async check(connection: Connection): Promise<Verdict> {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT transfer, COUNT(*) AS times FROM ledger GROUP BY transfer',
    );
    const [[sum]] = await connection.query<RowDataPacket[]>('SELECT SUM(balance) AS balance FROM account');
    const times = new Map(rows.map((row) => [row.transfer as string, Number(row.times)]));
    const those = (told: Told): string[] =>
      [...this.#told].filter(([, result]) => result === told).map(([name]) => name);
    const there = (name: string): boolean => times.has(name);
    const [done, failed, unknown] = [those('done'), those('failed'), those('unknown')];
    return {
      transfers: this.#told.size,
      done: done.length,
      failed: failed.length,
      unknown: unknown.length,
      lost: done.filter((name) => !there(name)).length,
      doubled: [...times.values()].filter((count) => count > 1).length,
      hidden: failed.filter(there).length,
      unknownAndThere: unknown.filter(there).length,
      moneyKept: Number(sum?.balance) === ACCOUNTS * OPENING_BALANCE,
    };
  }
}
