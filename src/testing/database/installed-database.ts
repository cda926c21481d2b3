import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connectionUri, type Login } from '../connection-uri.js';
import { freePort, LOOPBACK } from '../free-port.js';
import { killAll, setGlobal } from './admin.js';
import { createCertificate } from './certificate.js';
import { fillDataFolder } from './data-folder.js';
import { InstanceFolder } from './instance-folder.js';
import type { StartDatabaseOptions } from './options.js';
import { ADMIN, DATABASE, dataArguments, initialStatements, serverArguments } from './server-arguments.js';
import type { ServerBinary } from './server-binary.js';
import { type ServerCommand, ServerProcess } from './server-process.js';
import type { PrivateDatabase } from './test-database.js';

const DEFAULT_MAX_CONNECTIONS = 151;
const START_ATTEMPTS = 3;
const PRODUCTS = { mariadb: 'MariaDB', mysql: 'MySQL' } as const;

/** Starts an installed server as an instance of our own: own data, own port, own process. */
export async function startInstalled(
  binary: ServerBinary,
  options: StartDatabaseOptions,
): Promise<PrivateDatabase> {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS, args = [], tls = false } = options;
  if (!(Number.isInteger(maxConnections) && maxConnections >= 1)) {
    throw new RangeError(`maxConnections must be a whole number from 1, not ${maxConnections}`);
  }
  const password = randomBytes(12).toString('hex');
  const folder = await InstanceFolder.create();
  try {
    await writeFile(folder.initFile, initialStatements(password));
    const certificate = tls ? await createCertificate(folder.path) : undefined;
    await fillDataFolder(binary, dataArguments(folder));
    const { server, command, port } = await startOnFreePort(folder, binary, {
      maxConnections,
      args,
      certificate,
    });
    const login = { host: LOOPBACK, port, user: 'root', password };
    return new InstalledDatabase(binary, folder, login, command, server, certificate?.ca);
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Another process may take the port before the server does. */
async function startOnFreePort(
  folder: InstanceFolder,
  binary: ServerBinary,
  settings: Omit<Parameters<typeof serverArguments>[2], 'port'>,
): Promise<{ server: ServerProcess; command: ServerCommand; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const args = serverArguments(folder, binary.kind, { ...settings, port });
    const command: ServerCommand = { path: binary.path, args, folder };
    try {
      return { server: await ServerProcess.start(command), command, port };
    } catch (error) {
      if (attempt === START_ATTEMPTS || !/already in use/i.test(String(error))) throw error;
    }
  }
}

class InstalledDatabase implements PrivateDatabase {
  readonly kind: 'mariadb' | 'mysql';
  readonly description: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string = DATABASE;
  readonly uri: string;
  readonly socketPath: string;
  readonly tls?: { readonly ca: string };
  readonly #folder: InstanceFolder;
  readonly #command: ServerCommand;
  readonly #adminUri: string;
  #server: ServerProcess;
  #stopped: Promise<void> | undefined;

  constructor(
    binary: ServerBinary,
    folder: InstanceFolder,
    login: Login,
    command: ServerCommand,
    server: ServerProcess,
    ca: string | undefined,
  ) {
    this.kind = binary.kind;
    this.description = `${PRODUCTS[binary.kind]} ${binary.version}, private instance`;
    this.host = login.host;
    this.port = login.port;
    this.user = login.user;
    this.password = login.password;
    this.uri = connectionUri(login, DATABASE);
    this.socketPath = folder.socket;
    if (ca !== undefined) this.tls = { ca };
    this.#folder = folder;
    this.#command = command;
    this.#adminUri = connectionUri({ ...login, user: ADMIN });
    this.#server = server;
  }

  connectionUri(database?: string): string {
    return connectionUri(this, database);
  }

  setGlobal(name: string, value: string | number | boolean): Promise<void> {
    return setGlobal(this.#adminUri, name, value);
  }

  killAll(): Promise<number> {
    return killAll(this.#adminUri, 'others');
  }

  crash(): Promise<void> {
    return this.#server.kill();
  }

  async restart(): Promise<void> {
    if (this.#stopped) throw new Error('the database was stopped: its data is gone');
    if (this.#server.running) await this.#server.stop();
    this.#server = await ServerProcess.start(this.#command);
  }

  freeze(): void {
    this.#server.suspend();
  }

  thaw(): void {
    this.#server.signal('SIGCONT');
  }

  /** Not in an orderly way: the data goes, so there is nothing to save. */
  stop(): Promise<void> {
    this.#stopped ??= this.#server.kill().then(() => this.#folder.remove());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
