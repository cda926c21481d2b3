import { ServiceException, withFreshConnections } from 'fresh-connections';
import mysql from 'fresh-connections/mysql2/promise';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Accounts } from './accounts.js';
import { DATABASE_URI, TABLES } from './settings.js';
import { statementsOn } from './statements.js';
import { type Movement, movementsOf, type Transfer } from './transfer.js';

const db = mysql.createPool(DATABASE_URI);
const sql = statementsOn(TABLES);

/** The same accounts with fresh-connections: one changed import, and decorators. */
export class FreshAccounts implements Accounts {
  @withFreshConnections({ transaction: true })
  async create(owner: string, balance: number): Promise<number> {
    const [{ insertId }] = await db.query<ResultSetHeader>(sql.create, [owner, balance]);
    return insertId;
  }

  @withFreshConnections({ idempotent: true })
  async balance(id: number): Promise<number> {
    const [[account]] = await db.query<RowDataPacket[]>(sql.balance, [id]);
    if (account === undefined) throw new ServiceException('NOT_FOUND', `no account ${id}`);
    return account.balance;
  }

  @withFreshConnections({ transaction: true })
  async transfer({ from, to, amount, transferId }: Transfer): Promise<void> {
    const [accounts] = await db.query<RowDataPacket[]>(sql.lock, [from, to]);
    const sender = accounts.find(({ id }) => id === from);
    if (sender === undefined || accounts.length < 2) {
      throw new ServiceException('NOT_FOUND', 'no such account');
    }
    if (sender.balance < amount) throw new ServiceException('FAILED_PRECONDITION', 'insufficient funds');
    await db.query(sql.move, [-amount, from]);
    await db.query(sql.move, [amount, to]);
    await db.query(sql.record, [transferId, from, to, amount]);
  }

  @withFreshConnections({ idempotent: true })
  async history(id: number): Promise<readonly Movement[]> {
    const [rows] = await db.query<RowDataPacket[]>(sql.history, [id, id]);
    return movementsOf(id, rows);
  }
}
