// An empty method and one with a SELECT, in grpc-js' own style on plain mysql2, with and without the interceptor.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { freshConnections } from 'fresh-connections/grpc';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { AccountService } from '../../examples/accounts/account-proto.js';

const { DATABASE_URI, INTERCEPTOR } = process.env;
const db = mysql.createPool({ uri: String(DATABASE_URI), connectionLimit: 16 });
const { service } = AccountService;

const server = new Server({
  interceptors: INTERCEPTOR === 'fresh' ? [freshConnections({ services: [service] })] : [],
});
server.addService(service, {
  transfer: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => callback(null, {}),
  async getBalance(call: ServerUnaryCall<{ id: number }, object>, callback: sendUnaryData<object>) {
    const [[row]] = await db.query<RowDataPacket[]>('SELECT id, owner, balance FROM account WHERE id = ?', [
      call.request.id,
    ]);
    callback(null, row);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) =>
  process.send?.({ port }),
);
process.on('disconnect', () => process.exit());
