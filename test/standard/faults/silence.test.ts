import { failureOf, runCall } from 'fresh-connections';
import { beforeEach, expect, test } from 'vitest';
import { describeWithMariadb } from '../../support/mariadb.js';
import { atOnce, delay, errorsOf, percentile, timed } from '../../support/workload.js';

describeWithMariadb('a connection that falls silent under a running statement', (fixture) => {
  beforeEach(() => fixture.db.admin.query('CREATE OR REPLACE TABLE note (id INT PRIMARY KEY)'));

  const FAST = { silenceMs: 200 };

  test('a read whose reply is lost for good is repeated, long before TCP gives up', async () => {
    const pool = fixture.db.pool({ fresh: FAST });
    await pool.query('SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^SELECT 2/ },
      when: 'before',
      how: 'silence',
    });
    const { ms, error } = await timed(() => pool.query('SELECT 2'));
    expect(error).toBeUndefined();
    expect(ms).toBeLessThan(3_000);
  });

  test('a read whose request is lost for good is repeated', async () => {
    const pool = fixture.db.pool({ fresh: FAST });
    await pool.query('SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-server',
      at: { command: 'COM_QUERY', sql: /^SELECT 2/ },
      when: 'before',
      how: 'silence',
    });
    expect((await pool.query('SELECT 2 AS two'))[0]).toEqual([{ two: 2 }]);
  });

  test('a write whose reply is lost for good says that its outcome is unknown, and ran once', async () => {
    const pool = fixture.db.pool({ fresh: FAST });
    await pool.query('SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^INSERT/ },
      when: 'before',
      how: 'silence',
    });
    const { error } = await timed(() => pool.query('INSERT INTO note VALUES (1)'));
    expect(failureOf(error)).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
    expect(await fixture.db.number('SELECT COUNT(*) FROM note')).toBe(1);
  });

  test('a transaction that falls silent before its COMMIT runs again', async () => {
    const pool = fixture.db.pool({ fresh: FAST });
    await pool.query('SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^SELECT 7/ },
      when: 'before',
      how: 'silence',
    });
    await runCall({ transaction: true }, async () => {
      await pool.query('SELECT 7');
      await pool.query('INSERT INTO note VALUES (1)');
    });
    expect(await fixture.db.number('SELECT COUNT(*) FROM note')).toBe(1);
  });

  test('a statement that merely takes long is left alone', async () => {
    const pool = fixture.db.pool({ connectionLimit: 4, fresh: FAST });
    const { ms, error } = await timed(() => pool.query('SELECT SLEEP(2)'));
    expect(error).toBeUndefined();
    expect(ms).toBeGreaterThan(1_900);
    expect(pool.stats.dialed).toBe(1);
  });

  test('everything silent for 2 s while calls run, then healed: no call fails', async () => {
    const pool = fixture.db.pool({ connectionLimit: 16, fresh: { dialTimeoutMs: 500 } });
    await atOnce(16, () => pool.query('SELECT SLEEP(0.05)'));
    const calls = atOnce(24, () => runCall({ timeoutMs: 9_000 }, () => pool.query('SELECT SLEEP(0.1)')));
    await delay(30);
    fixture.db.proxy.silence({ future: true });
    await delay(2_000);
    fixture.db.proxy.heal();
    const timings = await calls;
    expect(errorsOf(timings)).toEqual([]);
    expect(percentile(timings, 1)).toBeLessThan(8_000);
  });

  test('a network that stays silent is given up after the buffer', async () => {
    const pool = fixture.db.pool({
      fresh: { ...FAST, dialTimeoutMs: 200, outageBufferMs: 600, acquireTimeoutMs: 1_000 },
    });
    await pool.query('SELECT 1');
    const call = timed(() => runCall({}, () => pool.query('SELECT SLEEP(0.2)')));
    await delay(50);
    fixture.db.proxy.silence({ future: true });
    const { ms, error } = await call;
    expect(error).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none' });
    expect(ms).toBeLessThan(5_000);
  });
});
