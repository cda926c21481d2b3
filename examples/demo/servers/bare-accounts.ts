import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import type { Accounts } from './accounts.js';
import { DATABASE_URI, TABLES } from './settings.js';
import { statementsOn } from './statements.js';
import { type Movement, movementsOf, type Transfer } from './transfer.js';

const db = mysql.createPool(DATABASE_URI);
const sql = statementsOn(TABLES);

/** The accounts as they are written today: mysql2's own pool, its connections taken and released by hand. */
export class BareAccounts implements Accounts {
  async create(owner: string, balance: number): Promise<number> {
    const [{ insertId }] = await db.query<ResultSetHeader>(sql.create, [owner, balance]);
    return insertId;
  }

  async balance(id: number): Promise<number> {
    const [[account]] = await db.query<RowDataPacket[]>(sql.balance, [id]);
    if (account === undefined) throw new Error(`no account ${id}`);
    return account.balance;
  }

  async transfer({ from, to, amount, transferId }: Transfer): Promise<void> {
    const connection = await db.getConnection();
    try {
      await connection.beginTransaction();
      const [accounts] = await connection.query<RowDataPacket[]>(sql.lock, [from, to]);
      const sender = accounts.find(({ id }) => id === from);
      if (sender === undefined || accounts.length < 2) throw new Error('no such account');
      if (sender.balance < amount) throw new Error('insufficient funds');
      await connection.query(sql.move, [-amount, from]);
      await connection.query(sql.move, [amount, to]);
      await connection.query(sql.record, [transferId, from, to, amount]);
      await connection.commit();
    } catch (error) {
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
  }

  async history(id: number): Promise<readonly Movement[]> {
    const [rows] = await db.query<RowDataPacket[]>(sql.history, [id, id]);
    return movementsOf(id, rows);
  }
}
