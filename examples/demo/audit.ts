import type { RowDataPacket } from 'mysql2/promise';
import { errand } from './errand.js';
import { ACCOUNTS, OPENING_BALANCE } from './scale.js';
import { tablesOf } from './servers/tables.js';
import type { Tally } from './tally.js';

/** What the ledger says of what the clients were told. */
export interface Audit {
  /** Transfers that were acknowledged and are not in the ledger. */
  readonly lost: number;
  /** Transfers that are in the ledger more than once. */
  readonly doubled: number;
  /** Transfers that were told to have failed and are in the ledger: a client that tries again doubles them. */
  readonly hidden: number;
  /** Whether the balances add up to what they were at the start. */
  readonly moneyKept: boolean;
}

/** Compares what clients were told with what is in the database, straight from its tables. */
export async function audit(uri: string, prefix: string, tally: Tally): Promise<Audit> {
  const { account, ledger } = tablesOf(prefix);
  const [written, [total]] = await errand(uri, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT transfer_id, COUNT(*) AS times FROM ${ledger} GROUP BY transfer_id`,
    );
    const [sums] = await connection.query<RowDataPacket[]>(`SELECT SUM(balance) AS balance FROM ${account}`);
    return [rows, sums] as const;
  });
  const times = new Map(written.map((row) => [row.transfer_id as string, Number(row.times)]));
  return {
    lost: [...tally.acknowledged].filter((id) => !times.has(id)).length,
    doubled: [...times.values()].filter((count) => count > 1).length,
    hidden: [...tally.refused].filter((id) => times.has(id)).length,
    moneyKept: Number(total?.balance) === ACCOUNTS * OPENING_BALANCE,
  };
}
