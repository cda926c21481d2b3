import { ServiceException, withFreshConnections } from 'fresh-connections';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Account, Entry, TransferRequest } from './account-proto.js';
import { db } from './database.js';

/** The account service, for any server whose handlers are async functions of a request. */
export class AccountHandler {
  @withFreshConnections({ transaction: true })
  async createAccount(request: { owner: string; initialBalance: number }): Promise<Account> {
    const { owner, initialBalance: balance } = request;
    const [{ insertId }] = await db.query<ResultSetHeader>(
      'INSERT INTO account (owner, balance) VALUES (?, ?)',
      [owner, balance],
    );
    return { id: insertId, owner, balance };
  }

  @withFreshConnections({ idempotent: true })
  async getBalance({ id }: { id: number }): Promise<Account> {
    const [[account]] = await db.query<RowDataPacket[]>(
      'SELECT id, owner, balance FROM account WHERE id = ?',
      [id],
    );
    if (account === undefined) throw new ServiceException('NOT_FOUND', `there is no account ${id}`);
    return account as unknown as Account;
  }

  @withFreshConnections({ transaction: true })
  async transfer({ from, to, amount, transferId }: TransferRequest): Promise<object> {
    if (from === to || amount <= 0) {
      throw new ServiceException(
        'INVALID_ARGUMENT',
        'a transfer moves a positive amount between two accounts',
      );
    }
    // In the order of their ids, so that two transfers never wait for each other.
    const [accounts] = await db.query<RowDataPacket[]>(
      'SELECT id, balance FROM account WHERE id IN (?, ?) ORDER BY id FOR UPDATE',
      [from, to],
    );
    const sender = accounts.find(({ id }) => id === from);
    if (sender === undefined || accounts.length < 2) {
      throw new ServiceException('NOT_FOUND', `there is no account ${sender === undefined ? from : to}`);
    }
    const [known] = await db.query<RowDataPacket[]>('SELECT id FROM transfer WHERE transfer_id = ?', [
      transferId,
    ]);
    if (known.length > 0) return {};
    if (sender.balance < amount) {
      throw new ServiceException('FAILED_PRECONDITION', 'insufficient funds', {
        reason: 'INSUFFICIENT_FUNDS',
      });
    }
    await db.query('UPDATE account SET balance = balance - ? WHERE id = ?', [amount, from]);
    await db.query('UPDATE account SET balance = balance + ? WHERE id = ?', [amount, to]);
    await db.query(
      'INSERT INTO transfer (transfer_id, from_id, to_id, amount, created_at) VALUES (?, ?, ?, ?, ?)',
      [transferId, from, to, amount, Date.now()],
    );
    return {};
  }

  @withFreshConnections({ idempotent: true })
  async history({ id }: { id: number }): Promise<{ entries: Entry[] }> {
    const [transfers] = await db.query<RowDataPacket[]>(
      'SELECT * FROM transfer WHERE from_id = ? OR to_id = ? ORDER BY id DESC LIMIT 100',
      [id, id],
    );
    const entries = transfers.map((transfer) => {
      const sent = transfer.from_id === id;
      return {
        transferId: transfer.transfer_id,
        counterpart: sent ? transfer.to_id : transfer.from_id,
        amount: sent ? -transfer.amount : transfer.amount,
        createdAt: transfer.created_at,
      };
    });
    return { entries };
  }
}
