import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findTool, type ServerBinary } from './server-binary.js';

/** MariaDB's own scripts of the system tables, in the order they are run. */
const SYSTEM_SCRIPTS = [
  'mysql_system_tables.sql',
  'mysql_performance_tables.sql',
  'mysql_system_tables_data.sql',
];
/** Where they are, seen from the folder of the server program. */
const SCRIPT_FOLDERS = [
  '../share/mysql',
  '../share/mariadb',
  '../share',
  '../../share/mysql',
  '../../share/mariadb',
];

/**
 * Fills an empty data folder with the system tables.
 *
 * MariaDB's installer also loads help texts and the sys schema, and needs programs that Debian ships in
 * another package. Fed to the server directly, the system tables alone take a quarter of a second.
 */
export async function fillDataFolder(binary: ServerBinary, args: readonly string[]): Promise<void> {
  if (binary.kind === 'mysql') return run(binary.path, [...args, '--initialize-insecure']);
  const script = await readSystemScripts(binary.path);
  if (script !== undefined) return run(binary.path, [...args, '--bootstrap'], script);
  const installer = await findTool(['mariadb-install-db', 'mysql_install_db'], binary.path);
  if (installer === undefined) {
    throw new Error(
      `${binary.path} comes without the scripts of its system tables (${SYSTEM_SCRIPTS[0]}) and without ` +
        'mariadb-install-db: install the complete server, such as Debian’s package mariadb-server-core.',
    );
  }
  return run(installer, [...args, '--auth-root-authentication-method=normal', '--skip-test-db']);
}

async function readSystemScripts(server: string): Promise<string | undefined> {
  for (const folder of SCRIPT_FOLDERS) {
    const paths = SYSTEM_SCRIPTS.map((name) => join(dirname(server), folder, name));
    const scripts = await Promise.all(paths.map((path) => readFile(path, 'utf8'))).catch(() => undefined);
    if (scripts) {
      return [
        'CREATE DATABASE IF NOT EXISTS mysql;',
        'USE mysql;',
        'SET @auth_root_socket = NULL;',
        ...scripts,
      ].join('\n');
    }
  }
  return undefined;
}

function run(path: string, args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path} could not set up a data folder. It said:\n${complaints}`));
    });
    // It may end without reading all of it: the exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
