import mysql, { type PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type PrivateDatabase, type PrivateKind, startDatabase } from '../../../../src/testing/index.js';
import { connect, failure, rows } from './connect.js';

/** How sessions behave towards each other, on a real server and on the embedded one alike. */
export function sessionContract(kind: PrivateKind): void {
  let database: PrivateDatabase;
  beforeAll(async () => {
    database = await startDatabase({ prefer: kind });
  });
  afterAll(() => database?.stop());
  beforeEach(async () => {
    const connection = await connect({ uri: database.uri });
    await connection.query('DROP TABLE IF EXISTS account');
    await connection.query('CREATE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL)');
    await connection.query('INSERT INTO account VALUES (1, 100), (2, 100)');
    await connection.end();
  });

  const open = (): ReturnType<typeof connect> => connect({ uri: database.uri });
  const idOf = async (connection: Awaited<ReturnType<typeof connect>>): Promise<number> =>
    (await rows(connection, 'SELECT CONNECTION_ID() AS id'))[0]?.id;
  const balances = async (): Promise<number[]> => {
    const connection = await open();
    const found = await rows(connection, 'SELECT balance FROM account ORDER BY id');
    await connection.end();
    return found.map(({ balance }) => balance);
  };
  /** Resolves when the connection of this id is running a statement. */
  const busy = async (id: number): Promise<void> => {
    const connection = await open();
    await expect
      .poll(() =>
        rows(connection, "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ? AND COMMAND = 'Query'", [
          id,
        ]),
      )
      .toHaveLength(1);
    await connection.end();
  };

  test('a transaction makes another that writes the same row wait until it commits', async () => {
    const [a, b] = [await open(), await open()];
    await Promise.all([a.beginTransaction(), b.beginTransaction()]);
    await a.query('UPDATE account SET balance = balance - 10 WHERE id = 1');
    const order: string[] = [];
    const waiting = b
      .query('UPDATE account SET balance = balance - 1 WHERE id = 1')
      .then(() => order.push('b'));
    await busy(await idOfThread(b));
    order.push('a');
    await a.commit();
    await waiting;
    await b.commit();
    expect(order).toEqual(['a', 'b']);
    expect(await balances()).toEqual([89, 100]);
  });

  test('waiting for a lock ends with 1205, and the transaction is still open', async () => {
    const [a, b] = [await open(), await open()];
    await a.beginTransaction();
    await a.query('UPDATE account SET balance = 0 WHERE id = 1');
    await b.query('SET innodb_lock_wait_timeout = 1');
    await b.beginTransaction();
    expect(await failure(b.query('UPDATE account SET balance = 1 WHERE id = 1'))).toMatchObject({
      errno: 1205,
      sqlState: 'HY000',
    });
    await a.rollback();
    const [header] = await b.query<mysql.ResultSetHeader>('UPDATE account SET balance = 2 WHERE id = 1');
    expect(header.serverStatus & 1).toBe(1);
    await b.commit();
    expect(await balances()).toEqual([2, 100]);
  });

  test.each(['killed', 'destroyed', 'closed'])(
    'what a connection left open is rolled back when it is %s',
    async (how) => {
      const [a, b] = [await open(), await open()];
      await a.beginTransaction();
      await a.query('UPDATE account SET balance = 0');
      if (how === 'killed') await b.query(`KILL ${await idOf(a)}`);
      else if (how === 'destroyed') a.destroy();
      else await a.end();
      await b.query('UPDATE account SET balance = balance + 1');
      expect(await balances()).toEqual([101, 101]);
    },
  );

  test('a killed connection is lost and gone from the process list', async () => {
    const [a, b] = [await open(), await open()];
    const id = await idOf(a);
    await b.query(`KILL CONNECTION ${id}`);
    await a.lost;
    await expect
      .poll(() => rows(b, 'SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ?', [id]))
      .toEqual([]);
    expect(await failure(b.query(`KILL ${id}`))).toMatchObject({ errno: 1094 });
  });

  test('KILL QUERY ends the statement and leaves the connection', async () => {
    const [a, b] = [await open(), await open()];
    const id = await idOf(a);
    const sleeping = failure(a.query('SELECT SLEEP(60)'));
    await busy(id);
    await b.query(`KILL QUERY ${id}`);
    expect(await sleeping).toMatchObject({ errno: 1317, sqlState: '70100' });
    expect(await idOf(a)).toBe(id);
  });

  test('KILL QUERY ends the waiting for a lock', async () => {
    const [a, b, c] = [await open(), await open(), await open()];
    const id = await idOf(b);
    await a.beginTransaction();
    await a.query('UPDATE account SET balance = 0 WHERE id = 1');
    const waiting = failure(b.query('UPDATE account SET balance = 1 WHERE id = 1'));
    await busy(id);
    await c.query(`KILL QUERY ${id}`);
    expect(await waiting).toMatchObject({ errno: 1317 });
    await a.commit();
    expect(await balances()).toEqual([0, 100]);
  });

  test('a statement whose client is gone still takes effect', async () => {
    const [a, b] = [await open(), await open()];
    const id = await idOf(b);
    await a.beginTransaction();
    await a.query('UPDATE account SET balance = 0 WHERE id = 1');
    b.query('UPDATE account SET balance = balance + 5 WHERE id = 1').catch(() => {});
    await busy(id);
    b.destroy();
    await a.commit();
    await expect.poll(balances).toEqual([5, 100]);
  });

  test('an idle connection is closed after wait_timeout, and what it left open is rolled back', async () => {
    const a = await open();
    await a.query('SET SESSION wait_timeout = 1');
    await a.beginTransaction();
    await a.query('UPDATE account SET balance = 0');
    await a.lost;
    expect(await balances()).toEqual([100, 100]);
  });

  test('reset keeps the database and forgets variables, statements and the transaction', async () => {
    const a = await open();
    await a.query('SET SESSION wait_timeout = 99, @x = 1');
    await a.execute('SELECT ? AS n', [1]);
    await a.beginTransaction();
    await a.query('UPDATE account SET balance = 0');
    await a.reset();
    const [row] = await rows(a, 'SELECT @@wait_timeout AS wait, @x AS x, DATABASE() AS db');
    expect(row).toMatchObject({ x: null, db: 'test' });
    expect(row?.wait).not.toBe(99);
    expect(await balances()).toEqual([100, 100]);
    expect((await a.execute('SELECT ? AS n', [2]))[0]).toEqual([{ n: 2 }]);
  });

  test('changing the user begins a new session on the same connection', async () => {
    const a = await open();
    const id = await idOf(a);
    await a.query('SET @x = 1');
    await a.changeUser({ user: database.user, password: database.password, database: 'information_schema' });
    expect(await rows(a, 'SELECT CONNECTION_ID() AS id, @x AS x, DATABASE() AS db')).toEqual([
      { id, x: null, db: 'information_schema' },
    ]);
    expect(await failure(a.changeUser({ user: 'root', password: 'wrong' }))).toMatchObject({ errno: 1045 });
  });

  test('strangers, wrong passwords and unknown databases are refused', async () => {
    const { host, port, user, password } = database;
    const refused = (options: mysql.ConnectionOptions): Promise<unknown> =>
      failure(connect({ host, port, ...options }));
    expect(await refused({ user: 'stranger', password })).toMatchObject({ errno: 1045, sqlState: '28000' });
    expect(await refused({ user, password: 'wrong' })).toMatchObject({ errno: 1045 });
    expect(await refused({ user })).toMatchObject({ errno: 1045 });
    expect(await refused({ user, password, database: 'nowhere' })).toMatchObject({ errno: 1049 });
  });

  test('status flags tell of transactions and autocommit, in statements of both protocols', async () => {
    const a = await open();
    const status = async (sql: string, how: 'query' | 'execute'): Promise<number> =>
      (await run<mysql.ResultSetHeader>(a, how, sql)).serverStatus & 3;
    for (const how of ['query', 'execute'] as const) {
      expect(await status('UPDATE account SET balance = 1', how)).toBe(2);
      await a.beginTransaction();
      expect(await status('UPDATE account SET balance = 2', how)).toBe(3);
      await a.commit();
      await a.query('SET autocommit = 0');
      expect(await status('UPDATE account SET balance = 3', how)).toBe(1);
      await a.query('SET autocommit = 1');
    }
  });

  test('changes of the session are reported to clients that track them', async () => {
    const a = await open();
    const changes = async (sql: string): Promise<unknown> =>
      ((await a.query<mysql.ResultSetHeader>(sql))[0] as { stateChanges?: unknown }).stateChanges;
    expect(await changes('USE information_schema')).toMatchObject({ schema: 'information_schema' });
    expect(await changes("SET time_zone = '+01:00'")).toMatchObject({
      systemVariables: { time_zone: '+01:00' },
    });
    expect(await changes('SET autocommit = 0')).toMatchObject({ systemVariables: { autocommit: 'OFF' } });
  });

  test('several statements at once each have a result, up to the one that fails', async () => {
    const a = await connect({ uri: database.uri, multipleStatements: true });
    const [results] = await a.query('SELECT 1 AS a; UPDATE account SET balance = 7; SELECT 2 AS b');
    expect(results).toMatchObject([[{ a: 1 }], { affectedRows: 2 }, [{ b: 2 }]]);
    expect(
      await failure(
        a.query('UPDATE account SET balance = 8; SELECT nothing; UPDATE account SET balance = 9'),
      ),
    ).toMatchObject({ errno: 1054 });
    expect(await balances()).toEqual([8, 8]);
  });

  test('a thousand rows and a text of a megabyte arrive whole, by both protocols', async () => {
    const a = await open();
    await a.query('CREATE TABLE IF NOT EXISTS big (id INT PRIMARY KEY, text LONGTEXT)');
    const text = 'é'.repeat(2 ** 19);
    await a.execute('REPLACE INTO big VALUES (0, ?)', [text]);
    await a.query('REPLACE INTO big VALUES ?', [
      Array.from({ length: 999 }, (_, i) => [i + 1, `row ${i + 1}`]),
    ]);
    for (const how of ['query', 'execute'] as const) {
      const found = await run<mysql.RowDataPacket[]>(a, how, 'SELECT id, text FROM big ORDER BY id');
      expect(found).toHaveLength(1000);
      expect(found[0]?.text === text).toBe(true);
      expect(found[999]).toEqual({ id: 999, text: 'row 999' });
    }
  });

  test('transfers at once, with connections killed among them, neither make nor lose money', async () => {
    const pool = mysql.createPool({ uri: database.uri, connectionLimit: 8 });
    pool.on('connection', (connection) => connection.on('error', () => {}));
    let committed = 0;
    const transfer = async (amount: number): Promise<void> => {
      let connection: PoolConnection | undefined;
      try {
        connection = await pool.getConnection();
        await connection.beginTransaction();
        await connection.execute('UPDATE account SET balance = balance - ? WHERE id = 1', [amount]);
        await connection.execute('UPDATE account SET balance = balance + ? WHERE id = 2', [amount]);
        await connection.commit();
        committed++;
        connection.release();
      } catch {
        connection?.destroy();
      }
    };
    const killer = (async () => {
      for (let i = 0; i < 5; i++) {
        await expect.poll(() => committed).toBeGreaterThan(i * 5);
        await database.killAll();
      }
    })();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 20; i++) await transfer(i % 3);
      }),
    );
    await killer;
    await pool.end();
    const [a = 0, b = 0] = await balances();
    expect(a + b).toBe(200);
    expect(committed).toBeGreaterThan(50);
  });
}

async function run<T extends mysql.RowDataPacket[] | mysql.ResultSetHeader>(
  connection: mysql.Connection,
  how: 'query' | 'execute',
  sql: string,
): Promise<T> {
  const [result] = how === 'query' ? await connection.query<T>(sql) : await connection.execute<T>(sql);
  return result;
}

/** The id that the server's greeting gave, which asks nothing of a connection that is busy. */
async function idOfThread(connection: mysql.Connection): Promise<number> {
  return connection.threadId;
}
