import { LOOPBACK } from '../free-port.js';
import type { Certificate } from './certificate.js';
import type { InstanceFolder } from './instance-folder.js';
import type { ServerBinary } from './server-binary.js';

/** The database that every private instance has. */
export const DATABASE = 'test';
/** The account of our own errands: its connections are told from those of the tests. */
export const ADMIN = 'fresh_admin';

/** What is particular to one instance. */
export interface InstanceSettings {
  readonly port: number;
  readonly maxConnections: number;
  readonly args: readonly string[];
  readonly certificate: Certificate | undefined;
}

/** Arguments that the data folder is filled with as well. */
export function dataArguments(folder: InstanceFolder): readonly string[] {
  return [
    '--no-defaults',
    `--datadir=${folder.data}`,
    // At its start a server removes what looks like a temporary table there, another server's as well.
    `--tmpdir=${folder.path}`,
    // The server refuses to run as root by accident.
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    '--skip-log-bin',
    '--loose-innodb-log-file-size=8M',
    '--innodb-buffer-pool-size=32M',
  ];
}

/** All arguments of a running server. */
export function serverArguments(
  folder: InstanceFolder,
  kind: ServerBinary['kind'],
  { port, maxConnections, args, certificate }: InstanceSettings,
): readonly string[] {
  return [
    ...dataArguments(folder),
    `--bind-address=${LOOPBACK}`,
    `--port=${port}`,
    `--socket=${folder.socket}`,
    `--pid-file=${folder.pidFile}`,
    `--init-file=${folder.initFile}`,
    '--skip-name-resolve',
    // A crash must not lose what was committed.
    '--innodb-flush-log-at-trx-commit=1',
    '--performance-schema=OFF',
    `--max-connections=${maxConnections}`,
    ...(kind === 'mysql' ? ['--mysqlx=OFF'] : []),
    ...(certificate ? [`--ssl-cert=${certificate.certificateFile}`, `--ssl-key=${certificate.keyFile}`] : []),
    ...args,
  ];
}

/** What the server runs at every start, hence what can be repeated without harm. One statement a line. */
export function initialStatements(password: string): string {
  const accounts = ["'root'@'localhost'", `'root'@'${LOOPBACK}'`, `'${ADMIN}'@'${LOOPBACK}'`];
  return [
    ...accounts.flatMap((account) => [
      `CREATE USER IF NOT EXISTS ${account};`,
      `ALTER USER ${account} IDENTIFIED BY '${password}';`,
      `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`,
    ]),
    `CREATE DATABASE IF NOT EXISTS ${DATABASE};`,
    '',
  ].join('\n');
}
