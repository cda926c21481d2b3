import { randomBytes } from 'node:crypto';
import { connectionUri } from '../connection-uri.js';
import { EmbeddedServer } from '../embedded/index.js';
import type { StartDatabaseOptions } from './options.js';
import type { PrivateDatabase } from './test-database.js';

/** Starts the embedded server. */
export async function startEmbedded({
  maxConnections,
  args,
  tls,
}: StartDatabaseOptions): Promise<PrivateDatabase> {
  if (args?.length || tls) throw new Error('the embedded server takes neither args nor tls');
  const password = randomBytes(12).toString('hex');
  const server = await EmbeddedServer.start({
    password,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  });
  const { host, port, user, database } = server;
  return {
    kind: 'embedded',
    description: 'embedded server (SQLite in this process)',
    host,
    port,
    user,
    password,
    database,
    uri: server.uri,
    connectionUri: (name) => connectionUri(server, name),
    setGlobal: async (name, value) => server.setGlobal(name, value),
    killAll: () => server.killAll(),
    crash: () => server.crash(),
    restart: () => server.restart(),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
