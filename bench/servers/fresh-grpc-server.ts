// The same with fresh-connections: interceptor, decorated handler, fresh pool.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { withFreshConnections } from 'fresh-connections';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import mysql from 'fresh-connections/mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { AccountService } from '../../examples/accounts/account-proto.js';

const db = mysql.createPool({ uri: String(process.env.DATABASE_URI), connectionLimit: 16 });

class AccountHandler {
  @withFreshConnections({ idempotent: true })
  async getBalance({ id }: { id: number }): Promise<object> {
    const [[row]] = await db.query<RowDataPacket[]>('SELECT id, owner, balance FROM account WHERE id = ?', [
      id,
    ]);
    return row ?? {};
  }

  createAccount(): never {
    throw new Error('not measured');
  }

  transfer(): never {
    throw new Error('not measured');
  }

  history(): never {
    throw new Error('not measured');
  }
}

const { service } = AccountService;
const server = new Server({ interceptors: [freshConnections({ services: [service] })] });
server.addService(service, handlers(service, new AccountHandler()));
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) =>
  process.send?.({ port }),
);
process.on('disconnect', () => process.exit());
