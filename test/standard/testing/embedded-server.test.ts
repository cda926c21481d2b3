import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedServer } from '../../../src/testing/index.js';
import { connect, failure, rows } from './support/connect.js';
import { describeWithMariadb } from './support/mariadb.js';
import { sessionContract } from './support/session-contract.js';

describe('sessions of the embedded server', () => sessionContract('embedded'));
describeWithMariadb('sessions of MariaDB', () => sessionContract('mariadb'));

describe('the embedded server', () => {
  let server: EmbeddedServer;
  beforeEach(async () => {
    server = await EmbeddedServer.start({ maxConnections: 3 });
  });
  afterEach(() => server.stop());

  const open = (): ReturnType<typeof connect> => connect({ uri: server.uri });

  test('counts connections and refuses more than max_connections before the handshake', async () => {
    const connections = [await open(), await open(), await open()];
    expect(server.connectionCount).toBe(3);
    expect(await failure(open())).toMatchObject({ errno: 1040, sqlState: '' });
    server.setGlobal('max_connections', 4);
    connections.push(await open());
    expect(await server.killAll()).toBe(4);
    await Promise.all(connections.map(({ lost }) => lost));
    expect(server.connectionCount).toBe(0);
  });

  test('tells an idle connection that it waited too long: 4031', async () => {
    const connection = await open();
    await connection.query('SET wait_timeout = 1');
    expect(await connection.lost).toMatchObject({ code: 4031 });
  });

  test('begins connection ids anew and forgets global variables when it is restarted', async () => {
    const before = await open();
    await before.query('SET GLOBAL wait_timeout = 55');
    await server.crash();
    expect((await before.lost).message).toBe('read ECONNRESET');
    await server.restart();
    const after = await open();
    expect(await rows(after, 'SELECT CONNECTION_ID() AS id, @@global.wait_timeout AS wait')).toEqual([
      { id: 1, wait: 28_800 },
    ]);
  });

  test('shows what is running in the process list', async () => {
    const [a, b] = [await open(), await open()];
    a.query('SELECT SLEEP(60)').catch(() => {});
    await expect
      .poll(() => rows(b, 'SHOW PROCESSLIST'))
      .toMatchObject([
        { Id: 1, User: 'root', db: 'test', Command: 'Query', Info: 'SELECT SLEEP(60)' },
        { Id: 2, Command: 'Query', Info: 'SHOW PROCESSLIST' },
      ]);
  });

  test('lets nobody write while it is read-only', async () => {
    const connection = await open();
    await connection.query('CREATE TABLE t (id INT)');
    server.setGlobal('read_only', true);
    expect(await failure(connection.query('INSERT INTO t VALUES (1)'))).toMatchObject({ errno: 1290 });
    expect(await failure(connection.query('DROP TABLE t'))).toMatchObject({ errno: 1290 });
    expect(await rows(connection, 'SELECT * FROM t')).toEqual([]);
  });

  test('reports checks, JSON and long values with the numbers of MySQL', async () => {
    const connection = await open();
    await connection.query(
      "CREATE TABLE t (n INT, s VARCHAR(3), j JSON, e ENUM('a', 'b'), CONSTRAINT positive CHECK (n > 0))",
    );
    const fails = async (values: string): Promise<unknown> =>
      failure(connection.query(`INSERT INTO t VALUES (${values})`));
    expect(await fails("0, '', '1', 'a'")).toMatchObject({
      errno: 3819,
      message: "Check constraint 'positive' is violated.",
    });
    expect(await fails("1, 'long', '1', 'a'")).toMatchObject({ errno: 1406, sqlState: '22001' });
    expect(await fails("1, '', '{', 'a'")).toMatchObject({ errno: 3140 });
    expect(await fails("1, '', '1', 'c'")).toMatchObject({ errno: 1265 });
    expect(await fails("3000000000, '', '1', 'a'")).toMatchObject({ errno: 1264, sqlState: '22003' });
    expect(await fails("'x', '', '1', 'a'")).toMatchObject({ errno: 1366 });
    await connection.query("INSERT INTO t VALUES (1, 'abc', '{\"a\": [1]}', 'B')");
    expect(await rows(connection, 'SELECT * FROM t')).toEqual([{ n: 1, s: 'abc', j: { a: [1] }, e: 'B' }]);
  });

  test('writes the time of the last change where a column asks for it', async () => {
    const connection = await open();
    await connection.query(
      `CREATE TABLE t (id INT PRIMARY KEY, made TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3),
       changed DATETIME(3) DEFAULT '2000-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP(3))`,
    );
    await connection.query('INSERT INTO t (id) VALUES (1), (2)');
    const [header] = await connection.query('UPDATE t SET id = 3 WHERE id = 1');
    expect(header).toMatchObject({ affectedRows: 1 });
    const [two, three] = await rows(connection, 'SELECT id, made, changed FROM t ORDER BY id');
    expect(two?.changed).toEqual(new Date(2000, 0, 1));
    expect(three?.changed.getTime()).toBeGreaterThanOrEqual(three?.made.getTime());
    expect(Math.abs(Date.now() - three?.made.getTime())).toBeLessThan(60_000);
  });

  test('says what it does not support', async () => {
    const connection = await open();
    for (const sql of [
      'CREATE VIEW v AS SELECT 1',
      'EXPLAIN SELECT 1',
      'SHOW GRANTS',
      'CREATE TEMPORARY TABLE t (id INT)',
    ]) {
      expect(await failure(connection.query(sql))).toMatchObject({ errno: 1235 });
    }
  });

  test('survives clients that talk nonsense, hang up or say nothing', async () => {
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\xff\xff\xff\x00', '\x01\x00\x00\x01\x00', '']) {
      const socket = connectTcp(server.port, server.host);
      await once(socket, 'data');
      socket.end(Buffer.from(bytes, 'latin1'));
      await once(socket, 'close');
    }
    const socket = connectTcp(server.port, server.host);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await expect.poll(() => server.connectionCount).toBe(0);
    const connection = await open();
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('listens on the port it is told', async () => {
    const { port } = server;
    await expect(EmbeddedServer.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server.stop();
    await using other = await EmbeddedServer.start({ port, user: 'me', password: 'p@ss', database: 'shop' });
    expect(other.uri).toBe(`mysql://me:p%40ss@127.0.0.1:${port}/shop`);
    expect(await rows(await connect({ uri: other.uri }), 'SELECT USER() AS u, DATABASE() AS d')).toEqual([
      { u: 'me@127.0.0.1', d: 'shop' },
    ]);
  });
});
