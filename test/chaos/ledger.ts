import type { Connection } from 'mysql2/promise';

export const ACCOUNTS = 500;
export const OPENING_BALANCE = 1_000;

/** Makes the tables anew. Nothing in the ledger forbids a transfer that is written twice. */
export async function resetLedger(connection: Connection): Promise<void> {
  for (const sql of [
    'DROP TABLE IF EXISTS account, ledger',
    'CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB',
    'CREATE TABLE ledger (transfer VARCHAR(40) NOT NULL, amount INT NOT NULL, KEY (transfer)) ENGINE=InnoDB',
    `INSERT INTO account SELECT seq, ${OPENING_BALANCE} FROM seq_1_to_${ACCOUNTS}`,
  ]) {
    await connection.query(sql);
  }
}

/** A transfer of one unit between two accounts. */
export interface Transfer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Whatever runs statements. */
export interface Runner {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** The four statements of a transfer; accounts in one order, so that transfers do not deadlock for ever. */
export async function transfer(runner: Runner, { name, from, to }: Transfer): Promise<string> {
  const steps = [
    [from, -1],
    [to, 1],
  ].sort(([a = 0], [b = 0]) => a - b);
  for (const [id, amount] of steps)
    await runner.query('UPDATE account SET balance = balance + ? WHERE id = ?', [amount, id]);
  await runner.query('INSERT INTO ledger VALUES (?, 1)', [name]);
  await runner.query('SELECT balance FROM account WHERE id = ?', [from]);
  return name;
}
