import { once } from 'node:events';
import { connections } from 'fresh-connections';
import freshDefault, * as fresh from 'fresh-connections/mysql2';
import freshPromiseDefault, * as freshPromise from 'fresh-connections/mysql2/promise';
import mysql2 from 'mysql2';
import mysql2promise from 'mysql2/promise';
import { describe, expect, test, vi } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';

describe('the modules stand in for mysql2', () => {
  test('with the same exports', () => {
    for (const [ours, theirs] of [
      [fresh, mysql2],
      [freshDefault, mysql2],
      [freshPromise, mysql2promise],
      [freshPromiseDefault, mysql2promise],
    ]) {
      expect(Object.keys(ours as object)).toEqual(expect.arrayContaining(Object.keys(theirs as object)));
    }
  });

  test.each([
    [{ connectionLimit: -1 }, RangeError, /connectionLimit.*-1/],
    [{ connectionLimit: 1.5 }, RangeError, /connectionLimit.*1\.5/],
    [{ queueLimit: 'many' }, TypeError, /queueLimit.*"many"/],
    [{ fresh: { probeTimeout: 5 } }, TypeError, /unknown option "probeTimeout"/],
    [{ fresh: { probeTimeoutMs: 0 } }, RangeError, /probeTimeoutMs.*0/],
    [{ fresh: { maxLifetimeMs: Number.NaN } }, RangeError, /maxLifetimeMs.*NaN/],
    [{ fresh: { minIdle: 11 } }, RangeError, /minIdle.*11/],
    [{ fresh: { init: 5 } }, TypeError, /init.*5/],
    [{ fresh: { name: 5 } }, TypeError, /name.*5/],
    [{ fresh: { repeatReads: 'no' } }, TypeError, /repeatReads.*"no"/],
    [undefined, TypeError, /options must be/],
    [null, TypeError, /options must be/],
  ])('options %o are refused at construction', (options, type, message) => {
    const create = () => fresh.createPool(options as never);
    expect(create).toThrow(type);
    expect(create).toThrow(message);
    expect(connections.size).toBe(0);
  });
});

describeWithMariadb('a pool that stands in for mysql2’s', (fixture) => {
  const callbackPool = (options: fresh.FreshPoolOptions = {}) => {
    const { host, port, user, password, database } = fixture.db.server;
    return fresh.createPool({ host, port, user, password, database, ...options });
  };
  const ended = (pool: { end(done: () => void): void }) => new Promise<void>((resolve) => pool.end(resolve));

  test('takes callbacks', async () => {
    const pool = callbackPool();
    const rows = await new Promise((resolve, reject) =>
      pool.query('SELECT ? AS n', [5], (error, result) => (error ? reject(error) : resolve(result))),
    );
    expect(rows).toEqual([{ n: 5 }]);
    const error = await new Promise((resolve) => pool.query('SELEC 1', resolve));
    expect(error).toMatchObject({ code: 'ER_PARSE_ERROR' });
    const prepared = await new Promise((resolve, reject) =>
      pool.execute('SELECT ? AS n', ['x'], (failed, result) => (failed ? reject(failed) : resolve(result))),
    );
    expect(prepared).toEqual([{ n: 'x' }]);
    await ended(pool);
  });

  test('lends connections that are instances of mysql2’s', async () => {
    const pool = callbackPool();
    const connection = await new Promise<fresh.PoolConnection>((resolve, reject) =>
      pool.getConnection((error, lent) => (error ? reject(error) : resolve(lent))),
    );
    expect(connection).toBeInstanceOf(mysql2.Connection);
    expect(connection.format('SELECT ?', ['a'])).toBe("SELECT 'a'");
    expect(connection.escape('a')).toBe("'a'");
    expect(connection.escapeId('a')).toBe('`a`');
    expect(connection.threadId).toBeGreaterThan(0);
    connection.release();
    connection.release();
    expect((pool as unknown as { stats: unknown }).stats).toMatchObject({ idle: 1, lent: 0 });
    await ended(pool);
  });

  test('lends the same object for the same connection, and another one after a reset', async () => {
    const pool = callbackPool({ connectionLimit: 1 });
    const lend = () =>
      new Promise<fresh.PoolConnection>((resolve, reject) =>
        pool.getConnection((e, c) => (e ? reject(e) : resolve(c))),
      );
    const first = await lend();
    first.release();
    const second = await lend();
    expect(second).toBe(first);
    await second.promise().query('SET @a = 1');
    second.release();
    const third = await lend();
    expect(third).not.toBe(first);
    third.release();
    await ended(pool);
  });

  test('tells of connections, acquisitions, releases and queueing', async () => {
    const pool = fixture.db.direct({ connectionLimit: 1 });
    const heard: string[] = [];
    for (const event of ['connection', 'acquire', 'release', 'enqueue'] as const) {
      pool.on(event as 'acquire', () => heard.push(event));
    }
    const first = await pool.getConnection();
    const waiting = pool.getConnection();
    first.release();
    (await waiting).release();
    expect(heard).toEqual(['connection', 'acquire', 'enqueue', 'release', 'acquire', 'release']);
  });

  test('keeps the limits: connections, queue, and whether callers wait', async () => {
    const pool = fixture.db.direct({ connectionLimit: 2, queueLimit: 1 });
    const held = await Promise.all([pool.getConnection(), pool.getConnection()]);
    const waiting = pool.getConnection();
    await expect(pool.getConnection()).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUEUE_FULL',
    });
    for (const connection of held) connection.release();
    (await waiting).release();
    expect(
      await fixture.db.number('SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()'),
    ).toBe(3);
    const impatient = fixture.db.direct({
      connectionLimit: 1,
      waitForConnections: false,
      fresh: { name: 'impatient' },
    });
    const only = await impatient.getConnection();
    await expect(impatient.getConnection()).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    only.release();
  });

  test('keeps maxIdle and idleTimeout', async () => {
    const pool = fixture.db.direct({ connectionLimit: 4, maxIdle: 1, idleTimeout: 100 });
    await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT SLEEP(0.05)')));
    expect(pool.stats.idle).toBe(1);
    await vi.waitFor(() => expect(pool.stats.idle).toBe(0), 2_000);
  });

  test('takes statement objects, arrays of rows and named placeholders', async () => {
    const pool = fixture.db.direct({ namedPlaceholders: true });
    expect((await pool.query({ sql: 'SELECT 1 AS a, 2 AS b', rowsAsArray: true }))[0]).toEqual([[1, 2]]);
    expect((await pool.query('SELECT :a AS a', { a: 3 }))[0]).toEqual([{ a: 3 }]);
    expect((await pool.execute('SELECT :a AS a', { a: 'x' }))[0]).toEqual([{ a: 'x' }]);
    await expect(pool.execute('SELECT ?', [undefined] as never)).rejects.toThrow(TypeError);
    await expect(async () => pool.query(5 as never)).rejects.toThrow(TypeError);
    expect(pool.stats).toMatchObject({ lent: 0 });
  });

  test('a used name is refused, and free again once its pool is closed', async () => {
    const pool = fixture.db.direct();
    expect(() => fixture.db.direct()).toThrow(/"default" is registered already/);
    await pool.end();
    const again = fixture.db.direct();
    expect((await again.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('a closed pool says so', async () => {
    const pool = fixture.db.direct();
    await pool.query('SELECT 1');
    await pool.end();
    await expect(pool.query('SELECT 1')).rejects.toThrow(/default is closed: it was used after end/);
    await expect(pool.getConnection()).rejects.toThrow(/closed/);
  });

  test('end waits for statements that are under way', async () => {
    const pool = fixture.db.direct();
    const running = pool.query('SELECT SLEEP(0.2) AS slept');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.end();
    expect((await running)[0]).toEqual([{ slept: 0 }]);
  });

  test('a cluster is made of fresh pools', async () => {
    const { host, port, user, password } =
      fixture.db.proxy === undefined
        ? fixture.db.server
        : { ...fixture.db.server, host: fixture.db.proxy.host, port: fixture.db.proxy.port };
    const cluster = freshPromise.createPoolCluster();
    cluster.add('PRIMARY', { host, port, user, password });
    cluster.add('REPLICA', { host, port, user, password });
    expect([...connections].map(({ name }) => name).sort()).toEqual(['PRIMARY', 'REPLICA']);
    expect((await cluster.of('PRIMARY').query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    fixture.db.proxy.reset();
    expect((await cluster.of('*').query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    const connection = await cluster.getConnection('REPLICA');
    connection.release();
    await cluster.end();
    expect(connections.size).toBe(0);
  });
});

describeWithMariadb('a single connection', (fixture) => {
  const options = () => {
    const { user, password, database } = fixture.db.server;
    return { host: fixture.db.proxy.host, port: fixture.db.proxy.port, user, password, database };
  };

  test('is dialed again when it was lost while it idled', async () => {
    const connection = await freshPromise.createConnection(options());
    const before = connection.threadId;
    fixture.db.proxy.reset();
    expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    expect(connection.threadId).not.toBe(before);
    await connection.end();
    await expect(connection.query('SELECT 1')).rejects.toThrow(/cannot be used any more/);
    expect(connections.size).toBe(0);
  });

  test('emits connect, and takes statements before that', async () => {
    const connection = fresh.createConnection(options());
    const rows = new Promise((resolve, reject) =>
      connection.query('SELECT 1 AS one', (error, result) => (error ? reject(error) : resolve(result))),
    );
    await once(connection, 'connect');
    expect(await rows).toEqual([{ one: 1 }]);
    await new Promise<void>((resolve) => connection.end(() => resolve()));
  });

  test('rejects at once with the server’s error when it refuses the password', async () => {
    const refused = freshPromise.createConnection({ ...options(), password: 'wrong' });
    await expect(refused).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
  });

  test('tells of a reconnect with both ids, as the mariadb client does', async () => {
    const connection = await freshPromise.createConnection(options());
    const before = connection.threadId;
    fixture.db.proxy.reset();
    await connection.query('SELECT 1');
    const line = fixture.db.logged.find(({ message }) => message.includes('reconnected'));
    expect(line?.fields).toMatchObject({
      oldId: before,
      newId: connection.threadId,
      database: fixture.db.server.database,
    });
    await connection.end();
  });
});
