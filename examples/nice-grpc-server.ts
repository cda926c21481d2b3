// The same service on nice-grpc: npm run example:nice-grpc-server
import process from 'node:process';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { connections } from 'fresh-connections';
import { freshMiddleware } from 'fresh-connections/grpc';
import { createServer } from 'nice-grpc';
import { AccountHandler } from './accounts/account-handler.js';
import { AccountService } from './accounts/account-proto.js';
import { db } from './accounts/database.js';
import { createTables } from './accounts/tables.js';

const { HOST = '127.0.0.1', PORT = '50051' } = process.env;

await createTables(db);

/** nice-grpc calls a method as the definition does; one that was generated for it has camel case. */
const definition: ServiceDefinition = Object.fromEntries(
  Object.entries<ServiceDefinition[string]>(AccountService.service).map(([name, method]) => [
    `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
    method,
  ]),
);

const server = createServer().use(freshMiddleware({ services: [AccountService.service], timeoutMs: 10_000 }));
server.add(definition, new AccountHandler() as never);
console.log(`listening on ${HOST}:${await server.listen(`${HOST}:${PORT}`)}`);

async function stop(): Promise<void> {
  await server.shutdown();
  await connections.drain();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
