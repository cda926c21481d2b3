import { once } from 'node:events';
import { failureOf, runCall, ServiceException } from 'fresh-connections';
import { beforeEach, expect, test } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';

describeWithMariadb('statement repair', (fixture) => {
  beforeEach(async () => {
    await fixture.db.admin.query(
      'CREATE OR REPLACE TABLE entry (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(20) UNIQUE)',
    );
  });

  const entries = () => fixture.db.number('SELECT COUNT(*) FROM entry');

  test('a read whose reply is lost is repeated', async () => {
    const pool = fixture.db.pool();
    const cut = fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^SELECT 41/ },
      when: 'before',
      how: 'reset',
    });
    const [rows] = await pool.query('SELECT 41 + 1 AS answer');
    expect(rows).toEqual([{ answer: 42 }]);
    expect(cut.hits).toBe(1);
  });

  test('a prepared read whose reply is lost is repeated', async () => {
    const pool = fixture.db.pool();
    const cut = fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_STMT_EXECUTE' },
      when: 'before',
      how: 'fin',
    });
    const [rows] = await pool.execute('SELECT 41 + ? AS answer', [1]);
    expect(rows).toEqual([{ answer: 42 }]);
    expect(cut.hits).toBe(1);
  });

  test('reads are not repeated when that is turned off', async () => {
    const pool = fixture.db.pool({ fresh: { repeatReads: false } });
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^SELECT 41/ },
      when: 'before',
      how: 'reset',
    });
    await expect(pool.query('SELECT 41')).rejects.toSatisfy(
      (error) => failureOf(error)?.reason === 'OUTCOME_UNKNOWN',
    );
  });

  test('a write whose reply is lost is not repeated, and its outcome is unknown', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^INSERT/ },
      when: 'before',
      how: 'reset',
    });
    const failed = pool.query("INSERT INTO entry (note) VALUES ('once')");
    await expect(failed).rejects.toSatisfy((error) => failureOf(error)?.outcome === 'unknown');
    expect(await entries()).toBe(1);
  });

  test('a client is told that the outcome is unknown', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^INSERT/ },
      when: 'before',
      how: 'reset',
    });
    const failed = runCall({}, () => pool.query("INSERT INTO entry (note) VALUES ('once')"));
    await expect(failed).rejects.toMatchObject({
      status: 'UNKNOWN',
      reason: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
  });

  test('an idempotent handler runs again as a whole when the outcome of a write is unknown', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^REPLACE/ },
      when: 'before',
      how: 'reset',
    });
    let runs = 0;
    await runCall({ idempotent: true }, () => {
      runs += 1;
      return pool.query("REPLACE INTO entry (id, note) VALUES (1, 'same')");
    });
    expect(runs).toBe(2);
    expect(await entries()).toBe(1);
  });

  test('a write on a connection that died while it idled is carried out once', async () => {
    const pool = fixture.db.pool();
    await pool.query('SELECT 1');
    fixture.db.proxy.reset();
    await pool.query("INSERT INTO entry (note) VALUES ('once')");
    expect(await entries()).toBe(1);
  });

  test('statements that queued behind a lost one surely did not run', async () => {
    const pool = fixture.db.pool();
    const connection = await pool.getConnection();
    const cut = fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^SELECT SLEEP/ },
      when: 'before',
      how: 'reset',
    });
    const results = await Promise.allSettled([
      connection.query('SELECT SLEEP(0)'),
      connection.query("INSERT INTO entry (note) VALUES ('queued')"),
    ]);
    await cut.hit;
    const second = results[1];
    expect(second.status).toBe('rejected');
    expect(failureOf((second as PromiseRejectedResult).reason)).toMatchObject({
      outcome: 'none',
      status: 'UNAVAILABLE',
    });
    expect(await entries()).toBe(0);
    connection.release();
  });

  test('a held connection is exchanged when nothing of its session was lost', async () => {
    const pool = fixture.db.pool();
    const connection = await pool.getConnection();
    await connection.query('SELECT 1');
    const before = connection.threadId;
    fixture.db.proxy.reset();
    await connection.query("INSERT INTO entry (note) VALUES ('after')");
    expect(connection.threadId).not.toBe(before);
    expect(await entries()).toBe(1);
    connection.release();
  });

  test('a held connection with an altered session is not exchanged behind its holder', async () => {
    const pool = fixture.db.pool();
    const connection = await pool.getConnection();
    await connection.query('SET @mine = 1');
    fixture.db.proxy.reset();
    await expect(connection.query('SELECT @mine')).rejects.toSatisfy(
      (error) => failureOf(error)?.fatal === true,
    );
    await expect(connection.query('SELECT 1')).rejects.toThrow();
    connection.release();
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('nothing is exchanged inside a transaction that the holder began', async () => {
    const pool = fixture.db.pool();
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query("INSERT INTO entry (note) VALUES ('first')");
    fixture.db.proxy.reset();
    await expect(connection.query("INSERT INTO entry (note) VALUES ('second')")).rejects.toThrow();
    await expect(connection.commit()).rejects.toThrow();
    connection.release();
    expect(await entries()).toBe(0);
  });

  test('a duplicate key keeps the driver error for the handler and masks it for the client', async () => {
    const pool = fixture.db.pool();
    await pool.query("INSERT INTO entry (note) VALUES ('secret')");
    const insert = () => pool.query("INSERT INTO entry (note) VALUES ('secret')");
    await expect(insert()).rejects.toMatchObject({ code: 'ER_DUP_ENTRY', errno: 1062 });
    const masked = await runCall({}, insert).catch((error: unknown) => error);
    expect(masked).toBeInstanceOf(ServiceException);
    expect(masked).toMatchObject({ status: 'ALREADY_EXISTS', reason: 'DUPLICATE_KEY', outcome: 'none' });
    expect((masked as Error).message).not.toContain('secret');
    expect(JSON.stringify(fixture.db.logged)).not.toContain('secret');
  });

  test('a call with an earlier write is not told to try again when a later statement fails', async () => {
    const pool = fixture.db.pool();
    const failed = runCall({ maxAttempts: 1 }, async () => {
      await pool.query("INSERT INTO entry (note) VALUES ('kept')");
      fixture.db.proxy.cut({
        direction: 'to-client',
        at: { command: 'COM_QUERY', sql: /^SELECT/ },
        when: 'before',
        how: 'reset',
      });
      await pool.query('SELECT 1');
    });
    await expect(failed).rejects.toMatchObject({ status: 'UNKNOWN', outcome: 'unknown', retryable: false });
    expect(await entries()).toBe(1);
  });

  test('an oversized statement is refused once, and not repeated', async () => {
    const pool = fixture.db.pool();
    const [rows] = await pool.query('SELECT @@max_allowed_packet AS size');
    const { size } = (rows as { size: number }[])[0] ?? { size: 0 };
    const before = fixture.db.proxy.accepted;
    const failed = pool.query('SELECT LENGTH(?) AS n', ['x'.repeat(Number(size) + 10)]);
    await expect(failed).rejects.toSatisfy((error) => failureOf(error)?.status === 'INVALID_ARGUMENT');
    expect(fixture.db.proxy.accepted - before).toBeLessThanOrEqual(1);
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('a statement without a callback streams its rows and returns its connection', async () => {
    const pool = fixture.db.pool();
    const core = (pool as unknown as { pool: { query(sql: string): NodeJS.EventEmitter } }).pool;
    const rows: unknown[] = [];
    const command = core.query('SELECT 1 AS n UNION SELECT 2');
    command.on('result', (row) => rows.push(row));
    await once(command, 'end');
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
    await new Promise(setImmediate);
    expect(pool.stats).toMatchObject({ lent: 0, idle: 1 });
  });
});
