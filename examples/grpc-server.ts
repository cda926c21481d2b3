// The account service over gRPC, on MySQL: npm run example:grpc-server
// HOST, PORT and MYSQL_URL say where it listens and where the database is.
import process from 'node:process';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connections } from 'fresh-connections';
import { drain, freshConnections, handlers, serveHealth } from 'fresh-connections/grpc';
import { HealthImplementation } from 'grpc-health-check';
import { AccountHandler } from './accounts/account-handler.js';
import { AccountService } from './accounts/account-proto.js';
import { db } from './accounts/database.js';
import { createTables } from './accounts/tables.js';

const { HOST = '127.0.0.1', PORT = '50051' } = process.env;

await createTables(db);

const { service } = AccountService;
const server = new Server({ interceptors: [freshConnections({ services: [service], timeoutMs: 10_000 })] });
server.addService(service, handlers(service, new AccountHandler()));
serveHealth(server, new HealthImplementation(), { services: [service] });
server.bindAsync(`${HOST}:${PORT}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`listening on ${HOST}:${port}`);
});

async function stop(): Promise<void> {
  await drain(server, { graceMs: 10_000 });
  await connections.drain();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
