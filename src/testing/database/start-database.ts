import { startEmbedded } from './embedded-database.js';
import { externalDatabase } from './external-database.js';
import { startInstalled } from './installed-database.js';
import type { StartDatabaseOptions } from './options.js';
import { findServer } from './server-binary.js';
import type { ExternalDatabase, PrivateDatabase, PrivateKind, TestDatabase } from './test-database.js';

/**
 * Starts a database to run tests against, or connects to one: the server whose URI is given, else a private
 * instance of an installed MariaDB or MySQL, else the embedded server.
 *
 * A private instance listens on 127.0.0.1 only, has its data in a folder of its own below the system's
 * folder for temporary files, and ends with this process at the latest. MySQL is started in the same way as
 * MariaDB, but this was tested with MariaDB only.
 *
 * ```ts
 * await using database = await startDatabase({ prefer: 'private' });
 * const pool = createPool({ uri: database.uri });
 * await database.crash();
 * await database.restart();
 * ```
 *
 * @throws Error when the preferred kind is not installed, with what to install, or does not start.
 */
export function startDatabase(
  options: StartDatabaseOptions & { readonly prefer: 'private' | PrivateKind },
): Promise<PrivateDatabase>;
export function startDatabase(
  options: StartDatabaseOptions & { readonly prefer: 'external' },
): Promise<ExternalDatabase>;
export function startDatabase(options?: StartDatabaseOptions): Promise<TestDatabase>;
export async function startDatabase(options: StartDatabaseOptions = {}): Promise<TestDatabase> {
  const { prefer } = options;
  const uri = options.uri ?? process.env.MYSQL_URL;
  if (prefer === 'external' && !uri) {
    throw new Error("prefer: 'external' needs options.uri or the environment variable MYSQL_URL");
  }
  if (uri && (prefer === undefined || prefer === 'external')) return externalDatabase(uri);
  if (prefer === 'embedded') return startEmbedded(options);
  const binary = await findServer(prefer === 'mariadb' || prefer === 'mysql' ? prefer : undefined);
  if (binary) return startInstalled(binary, options);
  if (prefer === 'mariadb' || prefer === 'mysql') throw new Error(MISSING[prefer]);
  return startEmbedded(options);
}

const MISSING = {
  mariadb:
    'no mariadbd found on the PATH or where servers are installed. Install MariaDB: ' +
    'apt install mariadb-server-core (Debian, Ubuntu), brew install mariadb (macOS).',
  mysql:
    'no mysqld of MySQL found on the PATH or where servers are installed. Install MySQL: ' +
    'apt install mysql-server-core-8.0 (Ubuntu), brew install mysql (macOS).',
} as const;
