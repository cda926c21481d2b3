import { tablesOf } from './tables.js';

/** What both kinds of server say to the database, word for word. */
export interface Statements {
  readonly create: string;
  readonly balance: string;
  readonly lock: string;
  readonly move: string;
  readonly record: string;
  readonly history: string;
}

/** @param prefix of the server's tables. */
export function statementsOn(prefix: string): Statements {
  const { account, ledger } = tablesOf(prefix);
  return {
    create: `INSERT INTO ${account} (owner, balance) VALUES (?, ?)`,
    balance: `SELECT balance FROM ${account} WHERE id = ?`,
    // In the order of their ids, so that two transfers never wait for each other.
    lock: `SELECT id, balance FROM ${account} WHERE id IN (?, ?) ORDER BY id FOR UPDATE`,
    move: `UPDATE ${account} SET balance = balance + ? WHERE id = ?`,
    record: `INSERT INTO ${ledger} (transfer_id, from_id, to_id, amount) VALUES (?, ?, ?, ?)`,
    history: `SELECT transfer_id, from_id, to_id, amount FROM ${ledger}
      WHERE from_id = ? OR to_id = ? ORDER BY id DESC LIMIT 10`,
  };
}
