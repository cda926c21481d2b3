// Runs before the tests: sees to it that the servers they start are installed. On a fresh Debian machine, as
// root, it installs what is missing; FRESH_INSTALL_SERVERS=0 forbids that. A server that cannot be had is a
// warning: the tests that need it are skipped, and the last lines of the run say so.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** What the tests start or talk to: how to see that it is there, and the Debian package that has it. */
const SERVERS = [
  {
    name: 'MariaDB',
    isThere: () => ['mariadbd', 'mysqld'].some(find),
    aptPackage: 'mariadb-server-core',
  },
  { name: "Thrift's client for Python", isThere: () => pythonHas('thrift'), aptPackage: 'python3-thrift' },
  { name: 'gRPC for Python', isThere: () => pythonHas('grpc'), aptPackage: 'python3-grpcio' },
];

/** Servers are often kept out of a user's PATH. src/testing/database looks in the same places. */
const FOLDERS = [
  ...(process.env.PATH ?? '').split(delimiter),
  ...['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/local/bin', '/usr/local/mysql/bin'],
  ...['/opt/homebrew/bin', '/opt/homebrew/sbin'],
];

function find(binary) {
  return FOLDERS.filter(Boolean)
    .map((folder) => join(folder, binary))
    .find(isExecutable);
}

/** Debian's packages are in Debian's Python, which need not be the first of the PATH. */
function pythonHas(module) {
  const look = `import importlib.util, sys; sys.exit(importlib.util.find_spec('${module}') is None)`;
  return ['/usr/bin/python3', 'python3'].some(
    (python) => spawnSync(python, ['-c', look], { stdio: 'ignore' }).status === 0,
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The servers that are not installed. */
export function missingServers() {
  return SERVERS.filter(({ isThere }) => !isThere());
}

function provide({ name, aptPackage }) {
  const install = `apt-get update && apt-get install -y --no-install-recommends ${aptPackage}`;
  if (process.env.FRESH_INSTALL_SERVERS === '0') {
    say(`${name} is missing, and FRESH_INSTALL_SERVERS=0 forbids installing it`);
  } else if (find('apt-get') === undefined) {
    say(`${name} is missing: install it and put it on the PATH`);
  } else if (process.getuid?.() !== 0) {
    say(`${name} is missing, and only root can install it: ${install}`);
  } else {
    say(`${name} is missing and the tests need it: ${install} (FRESH_INSTALL_SERVERS=0 forbids it)`);
    run('apt-get', 'update', '-qq');
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', aptPackage);
  }
}

/** Quiet, unless it fails; then it is a warning. */
function run(command, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status === 0) return;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  say(`warning: ${command} ${args.join(' ')} failed:\n${reason}`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const server of missingServers()) provide(server);
  for (const { name } of missingServers()) say(`warning: no ${name}; the tests that need it are skipped`);
}
