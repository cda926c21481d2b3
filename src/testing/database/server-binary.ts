import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A database server that is installed on this machine. */
export interface ServerBinary {
  readonly kind: 'mariadb' | 'mysql';
  readonly path: string;
  /** Such as `10.11.19`. */
  readonly version: string;
}

/** Where servers live that are not on the PATH of ordinary users. */
const FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
  '/usr/local/mysql/bin',
];
/** `mysqld` comes second: of MariaDB it is but another name. */
const NAMES = ['mariadbd', 'mysqld'];

/** Finds a server of the kind, or of any kind; undefined when there is none. */
export async function findServer(kind?: ServerBinary['kind']): Promise<ServerBinary | undefined> {
  for (const name of NAMES) {
    for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...FOLDERS]) {
      const path = join(folder, name);
      if (folder === '' || !(await isExecutable(path))) continue;
      const binary = await identify(path);
      if (binary && (kind === undefined || binary.kind === kind)) return binary;
    }
  }
  return undefined;
}

/** Finds a program by name, beside a server or on the PATH. */
export async function findTool(names: readonly string[], beside: string): Promise<string | undefined> {
  const folders = [
    dirname(beside),
    join(dirname(beside), '..', 'bin'),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  for (const name of names) {
    for (const folder of folders) {
      if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
    }
  }
  return undefined;
}

async function identify(path: string): Promise<ServerBinary | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--no-defaults', '--version']);
    const version = /\bVer (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (version === undefined) return undefined;
    return { kind: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql', path, version };
  } catch {
    return undefined;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
