import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findServer } from '../../../src/testing/database/server-binary.js';
import { startDatabase } from '../../../src/testing/index.js';
import { connect, failure, rows } from './support/connect.js';
import { describeWithMariadb } from './support/mariadb.js';
import { privateDatabaseContract } from './support/private-database-contract.js';
import { transpiledTesting } from './support/transpiled-testing.js';

describe('an embedded database', () => {
  privateDatabaseContract('embedded');

  test('takes neither arguments nor TLS', async () => {
    await expect(startDatabase({ prefer: 'embedded', args: ['--x'] })).rejects.toThrow('args');
    await expect(startDatabase({ prefer: 'embedded', tls: true })).rejects.toThrow('tls');
  });
});

describeWithMariadb('a private MariaDB', () => {
  privateDatabaseContract('mariadb');

  test('has a socket and takes arguments', async () => {
    await using database = await startDatabase({ prefer: 'mariadb', args: ['--innodb-lock-wait-timeout=3'] });
    expect(database.description).toMatch(/^MariaDB \d+\.\d+\.\d+, private instance$/);
    const { user, password, socketPath = '' } = database;
    const connection = await connect({ user, password, socketPath });
    expect(await rows(connection, 'SELECT @@innodb_lock_wait_timeout AS seconds')).toEqual([{ seconds: 3 }]);
    await connection.end();
    await expect(database.setGlobal('wait_timeout = 1, read_only', 1)).rejects.toThrow(RangeError);
  });

  test('reports the end of its log when it does not come up', async () => {
    const started = startDatabase({ prefer: 'mariadb', args: ['--no-such-option'] });
    expect((await failure(started)).message).toMatch(/did not start.*unknown option '--no-such-option'/s);
  });

  test('leaves no process and no folder when it is stopped', async () => {
    const database = await startDatabase({ prefer: 'mariadb' });
    const { pid, folder } = await remains(database);
    expect(isRunning(pid)).toBe(true);
    await database.stop();
    expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
  });

  test.each(['exit', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'ends, and its folder goes, when its process ends by %s',
    async (end) => {
      const { child, pid, folder } = await startInChild();
      expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
      const exited = once(child, 'exit');
      if (end === 'exit') child.send('exit');
      else child.kill(end);
      expect(await exited).toEqual(end === 'exit' ? [3, null] : [null, end]);
      await vi.waitUntil(() => !isRunning(pid) && !existsSync(folder), { timeout: 5_000 });
    },
  );

  test('does not keep its process from ending', async () => {
    const { child, pid } = await startInChild();
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
    await vi.waitUntil(() => !isRunning(pid), { timeout: 5_000 });
  });
});

test.skipIf((await findServer('mysql')) !== undefined)(
  'a kind that is missing says what to install',
  async () => {
    await expect(startDatabase({ prefer: 'mysql' })).rejects.toThrow('Install MySQL');
  },
);

describe('an external database', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('is taken from the option, else from MYSQL_URL', async () => {
    vi.stubEnv('MYSQL_URL', 'mysql://me:p%40ss@db.example:3307/shop?ssl=1');
    const database = await startDatabase();
    expect(database).toMatchObject({
      kind: 'external',
      description: 'external server at db.example:3307',
      host: 'db.example',
      port: 3307,
      user: 'me',
      password: 'p@ss',
      database: 'shop',
      uri: 'mysql://me:p%40ss@db.example:3307/shop?ssl=1',
    });
    expect(database.connectionUri('other')).toBe('mysql://me:p%40ss@db.example:3307/other?ssl=1');
    expect((await startDatabase({ uri: 'mysql://root@localhost' })).port).toBe(3306);
    await database.stop();
  });

  test('is asked for by name only with a URI', async () => {
    vi.stubEnv('MYSQL_URL', '');
    await expect(startDatabase({ prefer: 'external' })).rejects.toThrow('MYSQL_URL');
  });

  test('does not show its password when its URI makes no sense', async () => {
    const error = await failure(startDatabase({ uri: 'root:secret@localhost' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).not.toContain('secret');
  });

  test('is left alone when a private one is asked for', async () => {
    vi.stubEnv('MYSQL_URL', 'mysql://root@localhost');
    await using database = await startDatabase({ prefer: 'private' });
    expect(['mariadb', 'mysql', 'embedded']).toContain(database.kind);
  });
});

describeWithMariadb('an external MariaDB', () => {
  test('loses only the connections of its user to killAll', async () => {
    await using server = await startDatabase({ prefer: 'mariadb' });
    const root = await connect({ uri: server.uri });
    await root.query("CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'pw'");
    await root.query("GRANT ALL ON test.* TO guest@'127.0.0.1'");
    const uri = server.uri.replace(/root:\w+/, 'guest:pw');
    const guest = await connect({ uri });
    const external = await startDatabase({ uri });
    expect(await external.killAll()).toBe(1);
    await guest.lost;
    expect(await rows(root, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

/** A process of its own that starts a database. */
async function startInChild(): Promise<{ child: ChildProcess; pid: number; folder: string }> {
  const program = join(import.meta.dirname, 'support', 'start-and-wait.mjs');
  const child = fork(program, [await transpiledTesting()], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  if (!child.stdout) throw new Error('no output');
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, ...(await remains(JSON.parse(line))) };
}

async function remains({
  socketPath = '',
}: {
  socketPath?: string;
}): Promise<{ pid: number; folder: string }> {
  const folder = dirname(socketPath);
  return { folder, pid: Number(await readFile(join(folder, 'pid'), 'utf8')) };
}

/** A process that has ended and was not waited for by its parent counts as ended. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
