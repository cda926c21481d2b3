import { once } from 'node:events';
import { runCall } from 'fresh-connections';
import type { RowDataPacket } from 'fresh-connections/mysql2/promise';
import { startDatabase } from 'fresh-connections/testing';
import plain from 'mysql2/promise';
import { beforeEach, expect, test } from 'vitest';
import { describeWithMariadb, type Mariadb, type TestPool } from '../../../support/mariadb.js';
import { atOnce, delay, errorsOf, percentile, type Timing, timed } from '../../../support/workload.js';

/** The full storm takes minutes: `FRESH_CANCELS=10000 npm test -- cancel`. */
const CANCELS = Number(process.env.FRESH_CANCELS ?? 2_000);
const FULL = CANCELS >= 10_000;

function report(line: string): void {
  if (FULL) console.log(line);
}

/** Runs a statement in a call that is aborted once the server runs it; resolves at the moment of the abort. */
async function abortRunning(db: Mariadb, pool: TestPool, sql: string): Promise<{ call: Promise<Timing> }> {
  const controller = new AbortController();
  const call = timed(() => runCall({ signal: controller.signal }, () => pool.query(sql)));
  await until(async () => (await running(db, sql)) === 1);
  controller.abort();
  return { call };
}

function running({ admin }: Mariadb, sql: string): Promise<number> {
  return admin
    .query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE INFO = ?', [sql])
    .then(([rows]) => Number(rows[0]?.n));
}

async function until(condition: () => Promise<boolean>, withinMs = 10_000): Promise<number> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > withinMs) throw new Error('it did not come to that in time');
  }
  return performance.now() - startedAt;
}

describeWithMariadb('a call that is aborted while a statement runs', (fixture) => {
  beforeEach(() =>
    fixture.db.admin.query('CREATE OR REPLACE TABLE note (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0)'),
  );

  test('is answered at once; the server stops, and the connection is used again', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const { call } = await abortRunning(fixture.db, pool, 'SELECT SLEEP(20)');
    expect(await call).toMatchObject({ error: { status: 'CANCELLED' } });
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    expect(await running(fixture.db, 'SELECT SLEEP(20)')).toBe(0);
    expect(pool.stats.dialed).toBe(1);
  });

  test('by its deadline, is no different', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const { ms, error } = await timed(() =>
      runCall({ timeoutMs: 100 }, () => pool.query('SELECT SLEEP(20)')),
    );
    expect(error).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(ms).toBeLessThan(1_000);
    await until(async () => (await running(fixture.db, 'SELECT SLEEP(20)')) === 0);
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    expect(pool.stats.dialed).toBe(1);
  });

  test('leaves no work on the server for long', async () => {
    const pool = fixture.db.pool({ connectionLimit: 4 });
    await pool.query('SELECT 1');
    const samples = Math.min(300, CANCELS / 10);
    const timings: Timing[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      const sql = `SELECT SLEEP(20), ${sample}`;
      const { call } = await abortRunning(fixture.db, pool, sql);
      timings.push({ ms: await until(async () => (await running(fixture.db, sql)) === 0), error: undefined });
      await call;
      // A side connection is not always there already.
      if (sample % 50 === 0) await delay(1_200);
    }
    report(`server work gone: p50 ${percentile(timings, 0.5)} ms, p99 ${percentile(timings, 0.99)} ms`);
    expect(percentile(timings, 0.5)).toBeLessThan(20);
    // A machine that others use as well may be late for reasons of its own.
    expect(percentile(timings, 0.99)).toBeLessThan(FULL ? 20 : 100);
  });

  test(`${CANCELS} times at the worst moments: no statement of others is hit`, {
    timeout: 600_000,
  }, async () => {
    const pool = fixture.db.pool({ connectionLimit: 16 });
    await fixture.db.admin.query('INSERT INTO note (id) VALUES (1), (2)');
    await atOnce(16, () => pool.query('SELECT SLEEP(0.01)'));
    let cancels = 0;
    let stopped = 0;
    let over = false;
    const victims = async (worker: number): Promise<void> => {
      while (cancels < CANCELS) {
        cancels += 1;
        const controller = new AbortController();
        const sql = STATEMENTS[(cancels + worker) % STATEMENTS.length] ?? '';
        const call = timed(() => runCall({ signal: controller.signal }, () => pool.query(sql)));
        // About as long as the statement takes: before, at and after its end.
        await pause(Math.random() * 8);
        controller.abort();
        const { error } = await call;
        if (error !== undefined) stopped += 1;
      }
    };
    let innocents = 0;
    const innocent = async (): Promise<Timing[]> => {
      const timings: Timing[] = [];
      while (!over) {
        innocents += 1;
        timings.push(await timed(() => pool.query('SELECT ?, SLEEP(0.0005)', [innocents])));
        timings.push(
          await timed(async () => {
            const connection = await pool.getConnection();
            await connection.query('UPDATE note SET n = n + 1 WHERE id = 2');
            connection.release();
          }),
        );
      }
      return timings;
    };
    const others = Promise.all([innocent(), innocent(), innocent()]);
    await Promise.all([0, 1, 2, 3].map(victims));
    over = true;
    const timings = (await others).flat();
    expect(errorsOf(timings)).toEqual([]);
    expect(await fixture.db.number('SELECT n FROM note WHERE id = 2')).toBe(innocents);
    // It was a storm: some statements were under way when they were given up, and some had just ended.
    expect(stopped).toBeGreaterThan(CANCELS / 10);
    expect(cancels - stopped).toBeGreaterThan(CANCELS / 50);
    expect(pool.stats.dialed).toBeLessThan(10 + CANCELS / 20);
    report(
      `${cancels} cancels, ${stopped} while running, ${timings.length} innocent, ${pool.stats.dialed} dials`,
    );
  });

  test('in a transaction, rolls it back, and its locks are free at once', async () => {
    const { admin } = fixture.db;
    await admin.query('INSERT INTO note (id) VALUES (1)');
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const controller = new AbortController();
    const call = timed(() =>
      runCall({ signal: controller.signal, transaction: true }, async () => {
        await pool.query('UPDATE note SET n = 5 WHERE id = 1');
        await pool.query('SELECT SLEEP(20)');
      }),
    );
    await until(async () => (await running(fixture.db, 'SELECT SLEEP(20)')) === 1);
    controller.abort();
    expect(await call).toMatchObject({ error: { status: 'CANCELLED', outcome: 'none' } });
    const { ms } = await timed(() => admin.query('UPDATE note SET n = n + 1 WHERE id = 1'));
    expect(ms).toBeLessThan(1_000);
    expect(await fixture.db.number('SELECT n FROM note')).toBe(1);
    await pool.query('SELECT 1');
    expect(pool.stats.dialed).toBe(1);
  });

  test('never commits afterwards', async () => {
    const pool = fixture.db.pool();
    const controller = new AbortController();
    const { error } = await timed(() =>
      runCall({ signal: controller.signal, transaction: true }, async () => {
        await pool.query('INSERT INTO note (id) VALUES (1)');
        controller.abort();
      }),
    );
    expect(error).toMatchObject({ status: 'CANCELLED', outcome: 'none' });
    await pool.query('SELECT 1');
    expect(await fixture.db.number('SELECT COUNT(*) FROM note')).toBe(0);
  });

  test('does not let what waited behind the statement run', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const controller = new AbortController();
    const call = timed(() =>
      runCall({ signal: controller.signal }, async () => {
        const connection = await pool.getConnection();
        const both = [
          connection.query('SELECT SLEEP(20)'),
          connection.query('INSERT INTO note VALUES (1, 1)'),
        ];
        await Promise.all(both);
      }),
    );
    await until(async () => (await running(fixture.db, 'SELECT SLEEP(20)')) === 1);
    controller.abort();
    expect(await call).toMatchObject({ error: { status: 'CANCELLED' } });
    await until(async () => (await running(fixture.db, 'SELECT SLEEP(20)')) === 0);
    await pool.query('SELECT 1');
    expect(await fixture.db.number('SELECT COUNT(*) FROM note')).toBe(0);
  });

  test('over a unix socket, is stopped in the same way', async () => {
    const { socketPath = '' } = fixture.db.server;
    const pool = fixture.db.pool({ connectionLimit: 1, socketPath });
    const { call } = await abortRunning(fixture.db, pool, 'SELECT SLEEP(20)');
    await call;
    await pool.query('SELECT 1');
    expect(await running(fixture.db, 'SELECT SLEEP(20)')).toBe(0);
    expect(pool.stats.dialed).toBe(1);
  });

  test('stops a stream of rows', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const sql = 'SELECT seq, SLEEP(0.01) FROM seq_1_to_100000';
    const controller = new AbortController();
    const call = timed(() =>
      runCall({ signal: controller.signal }, async () => {
        const connection = await pool.getConnection();
        const rows = (
          connection as unknown as {
            connection: { query(sql: string): NodeJS.EventEmitter };
          }
        ).connection.query(sql);
        await once(rows, 'end');
      }),
    );
    await until(async () => (await running(fixture.db, sql)) === 1);
    controller.abort();
    expect(await call).toMatchObject({ error: { status: 'CANCELLED' } });
    await until(async () => (await running(fixture.db, sql)) === 0, 2_000);
  });

  test('while it waits for a connection, leaves at once', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const held = await pool.getConnection();
    const { ms, error } = await timed(() => runCall({ timeoutMs: 50 }, () => pool.query('SELECT 1')));
    expect(error).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(ms).toBeLessThan(500);
    held.release();
  });
});

const STATEMENTS = [
  'SELECT SLEEP(0.004)',
  'SELECT 1',
  'UPDATE note SET n = n + 1 WHERE id = 1',
  'SELECT SLEEP(0.002)',
];

function pause(ms: number): Promise<void> {
  return ms < 1 ? new Promise((resolve) => setImmediate(resolve)) : delay(ms);
}

describeWithMariadb('a statement is not stopped where that could hit a stranger', (fixture) => {
  const SLEEP = 'SELECT SLEEP(20)';

  /** A stranger's session with this id, which runs a statement. */
  async function stranger(id: number, to: { uri: string }): Promise<Promise<Timing>> {
    for (;;) {
      const connection = await plain.createConnection(to.uri);
      connection.on('error', () => undefined);
      if (connection.threadId > id) throw new Error(`the id ${id} is taken already`);
      if (connection.threadId < id) continue;
      return timed(() => connection.query('SELECT SLEEP(2)')).finally(() => connection.destroy());
    }
  }

  test('the server was restarted, and the id is somebody else’s', async () => {
    const { db } = fixture;
    await db.server.restart();
    await db.close();
    await db.open();
    // The sessions of the fixture itself are among the first of the server.
    for (let i = 0; i < 20; i += 1) await (await plain.createConnection(db.server.uri)).end();
    const pool = db.pool({ connectionLimit: 1, fresh: { silenceMs: 0 } });
    const [[row]] = await pool.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    const controller = new AbortController();
    const call = timed(() => runCall({ signal: controller.signal }, () => pool.query(SLEEP)));
    await until(async () => (await running(db, SLEEP)) === 1);
    db.proxy.silence();
    await db.server.restart();
    const unharmed = stranger(Number(row?.id), db.server);
    await delay(300);
    controller.abort();
    expect(await call).toMatchObject({ error: { status: 'CANCELLED' } });
    expect(await unharmed).toMatchObject({ error: undefined });
    // The connection went instead.
    await pool.query('SELECT 1');
    expect(pool.stats.dialed).toBe(2);
  });

  test('the address leads to another server', async () => {
    const { db } = fixture;
    await using other = await startDatabase({ prefer: 'mariadb' });
    const user = "CREATE USER 'both'@'%' IDENTIFIED BY ''";
    await db.admin.query(user);
    const admin = await plain.createConnection(other.uri);
    await admin.query(user);
    await admin.end();
    for (let i = 0; i < 20; i += 1) await (await plain.createConnection(db.server.uri)).end();
    const pool = db.pool({ connectionLimit: 1, user: 'both', password: '', database: '' });
    const [[row]] = await pool.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    const unharmed = stranger(Number(row?.id), other);
    const controller = new AbortController();
    const call = timed(() => runCall({ signal: controller.signal }, () => pool.query(SLEEP)));
    await until(async () => (await running(db, SLEEP)) === 1);
    db.proxy.retarget({ host: other.host, port: other.port });
    controller.abort();
    expect(await call).toMatchObject({ error: { status: 'CANCELLED' } });
    expect(await unharmed).toMatchObject({ error: undefined });
  });
});

describeWithMariadb(
  'a call that is aborted, over TLS',
  (fixture) => {
    test('is stopped on the server in the same way', async () => {
      const pool = fixture.db.pool({ connectionLimit: 1, ssl: { rejectUnauthorized: false } });
      const { call } = await abortRunning(fixture.db, pool, 'SELECT SLEEP(20)');
      await call;
      await pool.query('SELECT 1');
      expect(await running(fixture.db, 'SELECT SLEEP(20)')).toBe(0);
      expect(pool.stats.dialed).toBe(1);
    });

    test('many at once share a side connection', async () => {
      const pool = fixture.db.pool({ connectionLimit: 16, ssl: { rejectUnauthorized: false } });
      const timings = await atOnce(16, () =>
        runCall({ timeoutMs: 400 }, () => pool.query('SELECT SLEEP(20)')),
      );
      expect(errorsOf(timings)).toHaveLength(16);
      await until(async () => (await running(fixture.db, 'SELECT SLEEP(20)')) === 0, 2_000);
      // The pool's, and one beside them.
      expect(fixture.db.proxy.accepted).toBeLessThanOrEqual(17);
    });
  },
  { tls: true },
);
