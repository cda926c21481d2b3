// A unary method with one SELECT, on plain grpc-js and plain mysql2.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { AccountService } from '../../examples/accounts/account-proto.js';

const db = mysql.createPool({ uri: String(process.env.DATABASE_URI), connectionLimit: 16 });

const server = new Server();
server.addService(AccountService.service, {
  async getBalance(call: ServerUnaryCall<{ id: number }, object>, callback: sendUnaryData<object>) {
    try {
      const [[row]] = await db.query<RowDataPacket[]>('SELECT id, owner, balance FROM account WHERE id = ?', [
        call.request.id,
      ]);
      callback(null, row);
    } catch (error) {
      callback(error as Error);
    }
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) =>
  process.send?.({ port }),
);
process.on('disconnect', () => process.exit());
