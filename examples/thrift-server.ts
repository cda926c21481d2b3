// The account service over Thrift, on MySQL: npm run example:thrift-server
// HOST, PORT and MYSQL_URL say where it listens and where the database is.
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { connections, ServiceException, withFreshConnections } from 'fresh-connections';
import mysql from 'fresh-connections/mysql2/promise';
import { attach, freshProcessor, thriftException } from 'fresh-connections/thrift';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import thrift, { Int64 } from 'thrift';
import { createTables } from './accounts/tables.js';
import AccountService from './gen/AccountService.js';
import { AccountNotFound, Entry, InsufficientFunds } from './gen/account_types.js';
import { ServiceException as DeclaredException } from './gen/service_exception_types.js';

const { HOST = '127.0.0.1', PORT = '9090', MYSQL_URL = 'mysql://root@127.0.0.1:3306/test' } = process.env;

const db = mysql.createPool({ uri: MYSQL_URL, connectionLimit: 16 });

class AccountHandler {
  @withFreshConnections({ transaction: true })
  async create(owner: string, initialBalance: Int64): Promise<Int64> {
    const values = [owner, Number(initialBalance)];
    const [{ insertId }] = await db.query<ResultSetHeader>(
      'INSERT INTO account (owner, balance) VALUES (?, ?)',
      values,
    );
    return new Int64(insertId);
  }

  @withFreshConnections({ idempotent: true })
  async balance(id: Int64): Promise<Int64> {
    const [[account]] = await db.query<RowDataPacket[]>('SELECT balance FROM account WHERE id = ?', [
      Number(id),
    ]);
    if (account === undefined) throw new AccountNotFound({ id });
    return new Int64(account.balance);
  }

  @withFreshConnections({ transaction: true })
  async transfer(fromId: Int64, toId: Int64, amount: Int64, transferId: string): Promise<void> {
    const [from, to, cents] = [Number(fromId), Number(toId), Number(amount)];
    if (from === to || cents <= 0) {
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
    if (sender === undefined) throw new AccountNotFound({ id: fromId });
    if (accounts.length < 2) throw new AccountNotFound({ id: toId });
    const [known] = await db.query<RowDataPacket[]>('SELECT id FROM transfer WHERE transfer_id = ?', [
      transferId,
    ]);
    if (known.length > 0) return;
    if (sender.balance < cents) {
      throw new InsufficientFunds({ balance: new Int64(sender.balance), needed: amount });
    }
    await db.query('UPDATE account SET balance = balance - ? WHERE id = ?', [cents, from]);
    await db.query('UPDATE account SET balance = balance + ? WHERE id = ?', [cents, to]);
    await db.query(
      'INSERT INTO transfer (transfer_id, from_id, to_id, amount, created_at) VALUES (?, ?, ?, ?, ?)',
      [transferId, from, to, cents, Date.now()],
    );
  }

  @withFreshConnections({ idempotent: true })
  async history(accountId: Int64): Promise<Entry[]> {
    const id = Number(accountId);
    const [transfers] = await db.query<RowDataPacket[]>(
      'SELECT * FROM transfer WHERE from_id = ? OR to_id = ? ORDER BY id DESC LIMIT 100',
      [id, id],
    );
    return transfers.map((transfer) => {
      const sent = transfer.from_id === id;
      return new Entry({
        transferId: transfer.transfer_id,
        counterpart: new Int64(sent ? transfer.to_id : transfer.from_id),
        amount: new Int64(sent ? -transfer.amount : transfer.amount),
        createdAt: new Int64(transfer.created_at),
      });
    });
  }

  @withFreshConnections({ idempotent: true })
  async touch(id: Int64): Promise<void> {
    await db.query('UPDATE account SET seen_at = NOW() WHERE id = ?', [Number(id)]);
  }
}

await createTables(db);

const processor = freshProcessor(AccountService, new AccountHandler(), {
  as: thriftException(DeclaredException),
  timeoutMs: 10_000,
});
const server = thrift.createServer(processor, undefined);
// Nobody sends more than some accounts' worth of bytes.
const attached = attach(server, { maxFrameBytes: 1_000_000, maxConnections: 1_000 });
server.listen(Number(PORT), HOST, () => {
  console.log(`listening on ${HOST}:${(server.address() as AddressInfo).port}`);
});

async function stop(): Promise<void> {
  await attached.drain();
  await connections.drain();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
