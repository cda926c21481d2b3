import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { type ConnectionOptions, createPool } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type Cut,
  type CutRule,
  FaultProxy,
  type PrivateDatabase,
  startDatabase,
} from '../../../src/testing/index.js';
import { connect, failure, rows } from './support/connect.js';
import { describeWithMariadb } from './support/mariadb.js';

describeWithMariadb('a fault proxy', () => {
  let database: PrivateDatabase;
  let proxy: FaultProxy;
  let through: ConnectionOptions;

  beforeAll(async () => {
    database = await startDatabase({ prefer: 'mariadb' });
    const direct = await connect({ uri: database.uri });
    await direct.query('CREATE TABLE account (id INT PRIMARY KEY, balance INT)');
    await direct.end();
  });
  afterAll(() => database?.stop());

  beforeEach(async () => {
    proxy = await FaultProxy.start({ target: { host: database.host, port: database.port } });
    const { user, password, database: name } = database;
    through = { host: proxy.host, port: proxy.port, user, password, database: name };
  });
  afterEach(() => proxy.close());

  /** What the server holds, asked without the proxy. */
  async function balanceOf(id: number): Promise<number | undefined> {
    const direct = await connect({ uri: database.uri });
    const [row] = await rows(direct, 'SELECT balance FROM account WHERE id = ?', [id]);
    await direct.end();
    return row?.balance;
  }

  test('forwards both ways, counts connections and knows their ids on the server', async () => {
    const first = await connect(through);
    const second = await connect(through);
    const [row] = await rows(second, 'SELECT CONNECTION_ID() AS id');
    expect(proxy.list()[1]).toMatchObject({ id: 2, threadId: row?.id, state: 'forwarding' });
    expect([proxy.connections, proxy.accepted]).toEqual([2, 2]);
    await first.end();
    await second.end();
  });

  test('forwards packets longer than 16 MB', async () => {
    await database.setGlobal('max_allowed_packet', 64 * 2 ** 20);
    const connection = await connect(through);
    const text = 'x'.repeat(17 * 2 ** 20);
    const [row] = await rows(connection, `SELECT LENGTH('${text}') AS length, '${text}' AS text`);
    expect(row?.length).toBe(text.length);
    expect(row?.text.length).toBe(text.length);
    const cut = proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY' },
      when: 'before',
      how: 'reset',
    });
    await expect(connection.query(`SELECT LENGTH('${text}')`)).rejects.toThrow();
    expect(cut.hits).toBe(1);
  });

  test('forwards to a unix socket', async () => {
    proxy.retarget({ path: database.socketPath ?? '' });
    const connection = await connect({ ...through, user: 'root' });
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    proxy.reset();
    expect((await connection.lost).message).toMatch(/ECONNRESET/);
  });

  test('sends new connections to another target after retarget', async () => {
    await using other = await startDatabase({ prefer: 'mariadb' });
    const before = await connect(through);
    proxy.retarget({ host: other.host, port: other.port });
    const after = await connect({ ...through, password: other.password });
    expect(await rows(before, 'SELECT @@port AS port')).toEqual([{ port: database.port }]);
    expect(await rows(after, 'SELECT @@port AS port')).toEqual([{ port: other.port }]);
  });

  test('resets connections at both ends', async () => {
    const connection = await connect(through);
    const [row] = await rows(connection, 'SELECT CONNECTION_ID() AS id');
    proxy.reset();
    expect((await connection.lost).message).toBe('read ECONNRESET');
    const direct = await connect({ uri: database.uri });
    await expect
      .poll(() => rows(direct, 'SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ?', [row?.id]))
      .toEqual([]);
    await expect.poll(() => proxy.connections).toBe(0);
  });

  test('resets only the connections selected', async () => {
    const [a, b, c] = [await connect(through), await connect(through), await connect(through)];
    proxy.reset('newest');
    await c.lost;
    proxy.reset((connection) => connection.id === 1);
    await a.lost;
    expect(await rows(b, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    proxy.reset(proxy.list());
    await b.lost;
  });

  test('closes connections with FIN', async () => {
    const connection = await connect(through);
    proxy.fin();
    expect(await connection.lost).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
    await expect.poll(() => proxy.connections).toBe(0);
  });

  test('answers what is sent after FIN with RST', async () => {
    const socket = connectTcp({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
    await once(socket, 'data');
    proxy.fin();
    await once(socket, 'end');
    // Having read the end, the client learns of the RST when it writes once more.
    const writing = setInterval(() => socket.write('anybody there?'), 1);
    expect((await failure(once(socket, 'close'))).code).toMatch(/EPIPE|ECONNRESET/);
    clearInterval(writing);
  });

  test('drops current connections silently while new ones work, and does not bring them back', async () => {
    const old = await connect(through);
    proxy.silence();
    const query = old.query({ sql: 'SELECT 1', timeout: 150 });
    const young = await connect(through);
    expect(await rows(young, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await failure(query)).toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
    proxy.heal();
    expect(proxy.list().map(({ state }) => state)).toEqual(['silenced', 'forwarding']);
  });

  test('says nothing of the end of a silenced connection, whichever end goes', async () => {
    const old = await connect(through);
    const [row] = await rows(old, 'SELECT CONNECTION_ID() AS id');
    const other = await connect(through);
    proxy.silence();
    old.destroy();
    const direct = await connect({ uri: database.uri });
    await direct.query(`KILL ${proxy.list()[1]?.threadId}`);
    for (let i = 0; i < 20; i++) await turn();
    expect(
      await rows(direct, 'SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ?', [row?.id]),
    ).toHaveLength(1);
    const told = await Promise.race([other.lost, rows(direct, 'SELECT SLEEP(0.1)')]);
    expect(told).not.toBeInstanceOf(Error);
  });

  test('takes in whatever is written to a silenced connection', async () => {
    const socket = connectTcp({ port: proxy.port, host: proxy.host });
    await once(socket, 'data');
    proxy.silence();
    const chunk = Buffer.alloc(2 ** 20);
    for (let megabytes = 0; megabytes < 32; megabytes++) {
      await new Promise((resolve) => socket.write(chunk, resolve));
    }
    socket.destroy();
  });

  test('delivers what it held when it is healed', async () => {
    const connection = await connect(through);
    proxy.silence({ hold: true });
    const query = rows(connection, 'SELECT 42 AS answer');
    expect(await Promise.race([query, new Promise((resolve) => setTimeout(resolve, 50, 'silence'))])).toBe(
      'silence',
    );
    expect(proxy.list()[0]?.state).toBe('held');
    proxy.heal();
    expect(await query).toEqual([{ answer: 42 }]);
  });

  test('holds back the news of a lost end until it is healed', async () => {
    const connection = await connect(through);
    proxy.silence({ hold: true });
    await database.killAll();
    proxy.heal();
    expect(await connection.lost).toBeInstanceOf(Error);
  });

  test('accepts new connections and says nothing while silent for the future, until it is healed', async () => {
    proxy.silence({ future: true });
    expect(await failure(connect({ ...through, connectTimeout: 100 }))).toMatchObject({ code: 'ETIMEDOUT' });
    proxy.heal();
    const connection = await connect(through);
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('connects the connections it held mute when it is healed', async () => {
    proxy.mute({ hold: true });
    const connecting = connect(through);
    await expect.poll(() => proxy.accepted).toBe(1);
    proxy.heal();
    const connection = await connecting;
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('refuses new connections, keeps old ones, and accepts again on the same port', async () => {
    const old = await connect(through);
    proxy.refuse();
    expect(await failure(connect(through))).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await rows(old, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await proxy.accept();
    await connect(through);
    expect(proxy.connections).toBe(2);
  });

  test('resets clients while the server is down', async () => {
    proxy.retarget({ host: '127.0.0.1', port: 1 });
    expect(await failure(connect(through))).toMatchObject({ code: 'ECONNRESET' });
  });

  test('delays every chunk and keeps the order', async () => {
    const connection = await connect(through);
    proxy.delay(100);
    const begin = performance.now();
    const answers = await Promise.all([1, 2].map((n) => rows(connection, 'SELECT ? AS n', [n])));
    expect(performance.now() - begin).toBeGreaterThan(398);
    expect(answers).toEqual([[{ n: 1 }], [{ n: 2 }]]);
    proxy.delay(0);
    const then = performance.now();
    await connection.query('SELECT 1');
    expect(performance.now() - then).toBeLessThan(200);
  });

  test('loses the reply to a COMMIT that the server executed', async () => {
    const connection = await connect(through);
    const cut = proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^COMMIT/ },
      when: 'before',
      how: 'reset',
    });
    await connection.beginTransaction();
    await connection.query('INSERT INTO account VALUES (1, 100)');
    expect(cut.hits).toBe(0);
    expect(await failure(connection.query('COMMIT'))).toMatchObject({ code: 'ECONNRESET' });
    expect((await cut.hit).id).toBe(1);
    expect(cut.hits).toBe(1);
    expect(await balanceOf(1)).toBe(100);
  });

  test('cuts before a COMMIT is written: the server never sees it', async () => {
    const connection = await connect(through);
    proxy.cut({
      direction: 'to-server',
      at: { command: 'COM_QUERY', sql: /^COMMIT/ },
      when: 'before',
      how: 'fin',
    });
    await connection.beginTransaction();
    await connection.query('INSERT INTO account VALUES (2, 100)');
    expect(await failure(connection.query('COMMIT'))).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
    expect(await balanceOf(2)).toBeUndefined();
  });

  test('cuts after a command: the server executes it', async () => {
    const connection = await connect(through);
    proxy.cut({ direction: 'to-server', at: { command: 'COM_QUERY' }, when: 'after', how: 'silence' });
    const query = connection.query({ sql: 'INSERT INTO account VALUES (3, 100)', timeout: 100 });
    expect(await failure(query)).toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
    await expect.poll(() => balanceOf(3)).toBe(100);
  });

  test('cuts after a reply: the client hears it and loses the connection', async () => {
    const connection = await connect(through);
    proxy.cut({ direction: 'to-client', at: { command: 'COM_PING' }, when: 'after', how: 'reset' });
    await connection.ping();
    await connection.lost;
  });

  test('tells prepare, execute and reset by their commands, a close without reply in between', async () => {
    const connection = await connect(through);
    await connection.execute('SELECT ? AS n', [1]);
    connection.unprepare('SELECT ? AS n');
    const prepare = proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_STMT_PREPARE', sql: /^INSERT/ },
      when: 'before',
      how: { delayMs: 0 },
    });
    const execute = proxy.cut({
      direction: 'to-client',
      at: { command: 0x17 },
      when: 'before',
      how: 'reset',
    });
    expect(await failure(connection.execute('INSERT INTO account VALUES (?, 1)', [4]))).toMatchObject({
      code: 'ECONNRESET',
    });
    expect([prepare.hits, execute.hits]).toEqual([1, 1]);
    expect(await balanceOf(4)).toBe(1);
  });

  test('counts packets after the handshake, per connection', async () => {
    const first = await connect(through);
    await first.query('SELECT 1');
    const cut = proxy.cut({
      direction: 'to-server',
      at: { packet: 3 },
      when: 'before',
      how: 'reset',
      times: 2,
    });
    await first.query('SELECT 2');
    await expect(first.query('SELECT 3')).rejects.toThrow();
    const second = await connect(through);
    await second.query('SELECT 1');
    await second.query('SELECT 2');
    await expect(second.query('SELECT 3')).rejects.toThrow();
    const third = await connect(through);
    for (const n of [1, 2, 3]) await third.query(`SELECT ${n}`);
    expect(cut.hits).toBe(2);
  });

  test('cuts a result set in the middle', async () => {
    const connection = await connect(through);
    proxy.cut({ direction: 'to-client', at: { packet: 5 }, when: 'before', how: 'fin' });
    const query = connection.query('SELECT seq FROM seq_1_to_100000');
    expect(await failure(query)).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
  });

  test('finds the reply to a command that follows a long result', async () => {
    const connection = await connect(through);
    const cut = proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^DO/ },
      when: 'before',
      how: { delayMs: 40 },
    });
    expect(await rows(connection, 'SELECT seq FROM seq_1_to_70000')).toHaveLength(70_000);
    const begin = performance.now();
    await connection.query('DO 1');
    expect(performance.now() - begin).toBeGreaterThan(39);
    expect(cut.hits).toBe(1);
  });

  test('delays from a packet on, and takes a rule back', async () => {
    const connection = await connect(through);
    const cut = proxy.cut({
      direction: 'to-server',
      at: { command: 'COM_PING' },
      when: 'before',
      how: { delayMs: 40 },
      times: Number.POSITIVE_INFINITY,
    });
    for (let n = 1; n <= 2; n++) {
      const begin = performance.now();
      await connection.ping();
      expect(performance.now() - begin).toBeGreaterThan(39);
      expect(cut.hits).toBe(n);
    }
    cut.remove();
    await connection.ping();
    expect(cut.hits).toBe(2);
  });

  test('forwards TLS and compression, where no rule applies', async () => {
    const cut = proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY' },
      when: 'before',
      how: 'reset',
    });
    const compressed = await connect({ ...through, compress: true });
    expect(await rows(compressed, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await using secure = await startDatabase({ prefer: 'mariadb', tls: true });
    proxy.retarget({ host: secure.host, port: secure.port });
    const encrypted = await connect({
      ...through,
      password: secure.password,
      ssl: { ca: secure.tls?.ca ?? '' },
    });
    const [row] = await rows(encrypted, "SHOW STATUS LIKE 'Ssl_version'");
    expect(row?.Value).toMatch(/^TLSv1/);
    expect(cut.hits).toBe(0);
  });

  test('rejects rules that make no sense', () => {
    const rule = { direction: 'to-client', when: 'before', how: 'reset' } as const;
    expect(() => proxy.cut({ ...rule, at: { packet: 0 } })).toThrow(RangeError);
    expect(() => proxy.cut({ ...rule, at: { packet: 1 }, times: 0 })).toThrow(RangeError);
    expect(() => proxy.delay(-1)).toThrow(RangeError);
  });

  test('cuts nothing when it does not know the protocol', async () => {
    await using raw = await FaultProxy.start({
      target: { host: '127.0.0.1', port: database.port },
      protocol: 'raw',
    });
    const connection = await connect({ ...through, port: raw.port });
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(() => raw.cut({ direction: 'to-client', at: { packet: 1 }, when: 'before', how: 'fin' })).toThrow(
      'mysql',
    );
  });

  test('survives any sequence of faults, and forwards again after the last', async () => {
    const pool = createPool({ ...through, connectionLimit: 8, connectTimeout: 200 });
    pool.on('connection', (connection) => connection.on('error', () => {}));
    const some = (): boolean => Math.random() < 0.5;
    const cuts: Cut[] = [];
    const cut = (rule: CutRule): number => cuts.push(proxy.cut(rule));
    const faults: (() => unknown)[] = [
      () => proxy.reset(some),
      () => proxy.fin(some),
      () => proxy.silence({ connections: some }),
      () => proxy.silence({ connections: some, hold: true, future: true }),
      () => proxy.mute({ hold: some() }),
      () => proxy.heal(),
      () => proxy.delay(some() ? 2 : 0),
      () => proxy.refuse(),
      () => proxy.accept(),
      () => cut({ direction: 'to-client', at: { command: 'COM_QUERY' }, when: 'before', how: 'reset' }),
      () => cut({ direction: 'to-server', at: { packet: 2 }, when: 'after', how: 'fin' }),
    ];
    const queries = new Set<Promise<unknown>>();
    for (let i = 0; i < 300; i++) {
      await faults[Math.floor(Math.random() * faults.length)]?.();
      queries.add(pool.query({ sql: 'SELECT REPEAT(?, 9999)', values: ['x'], timeout: 300 }).catch(() => {}));
      await turn();
    }
    for (const one of cuts) one.remove();
    proxy.heal();
    proxy.delay(0);
    await proxy.accept();
    proxy.reset();
    await Promise.all(queries);
    proxy.reset();
    await pool.end().catch(() => {});
    await expect.poll(() => proxy.connections).toBe(0);
    const connection = await connect(through);
    expect(await rows(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('ends all connections when it is closed, in whatever state they are', async () => {
    const connections = [await connect(through), await connect(through), await connect(through)];
    proxy.silence({ connections: 'oldest' });
    proxy.silence({ connections: 'newest', hold: true });
    await proxy.close();
    expect(proxy.connections).toBe(0);
    await Promise.all(connections.map(({ lost }) => lost));
    await expect(connect(through)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
