import { addCallHooks, currentCall, runCall } from 'fresh-connections';
import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';

type Forget = (connection: Connection) => Promise<unknown>;

const FORGOTTEN: Readonly<Record<string, { forget: Forget; look: string; clean: unknown }>> = {
  'an open transaction': {
    forget: async (c) => {
      await c.beginTransaction();
      await c.query('INSERT INTO shelf VALUES (99)');
    },
    look: 'SELECT COUNT(*) AS value FROM shelf WHERE id = 99',
    clean: 0,
  },
  'LOCK TABLES': {
    forget: (c) => c.query('LOCK TABLES shelf WRITE'),
    look: "SELECT COUNT(*) AS value FROM information_schema.tables WHERE table_name = 'shelf'",
    clean: 1,
  },
  GET_LOCK: {
    forget: (c) => c.query("SELECT GET_LOCK('mine', 1)"),
    look: "SELECT IS_FREE_LOCK('mine') AS value",
    clean: 1,
  },
  'SET SESSION': {
    forget: (c) => c.query('SET SESSION max_sort_length = 77'),
    look: 'SELECT @@max_sort_length = 77 AS value',
    clean: 0,
  },
  'a user variable': { forget: (c) => c.query('SET @mine = 5'), look: 'SELECT @mine AS value', clean: null },
  'a variable set in a query': {
    forget: (c) => c.query('SELECT @mine := 5'),
    look: 'SELECT @mine AS value',
    clean: null,
  },
  'a temporary table': {
    forget: (c) => c.query('CREATE TEMPORARY TABLE shelf (id INT, extra INT)'),
    look: 'SELECT COUNT(*) AS value FROM shelf',
    clean: 1,
  },
  USE: {
    forget: (c) => c.query('USE information_schema'),
    look: 'SELECT DATABASE() = @@global.fresh_none AS value',
    clean: 'special',
  },
  'autocommit off': {
    forget: (c) => c.query('SET autocommit = 0'),
    look: 'SELECT @@autocommit AS value',
    clean: 1,
  },
};

describeWithMariadb('what a handler forgets', (fixture) => {
  for (const [what, { forget, look, clean }] of Object.entries(FORGOTTEN)) {
    test(`the next borrower sees nothing of ${what}`, async () => {
      await fixture.db.admin.query('CREATE OR REPLACE TABLE shelf (id INT); INSERT INTO shelf VALUES (1)');
      const pool = fixture.db.pool({ connectionLimit: 1 });
      const [before] = await pool.query('SELECT CONNECTION_ID() AS id, DATABASE() AS name');
      const connection = await pool.getConnection();
      await forget(connection);
      connection.release();
      if (clean === 'special') {
        const [after] = await pool.query('SELECT CONNECTION_ID() AS id, DATABASE() AS name');
        expect(after).toEqual(before);
      } else {
        expect((await pool.query(look))[0]).toEqual([{ value: clean }]);
      }
      expect(await fixture.db.number('SELECT COUNT(*) FROM shelf WHERE id = 99')).toBe(0);
    });
  }

  test('a connection that a handler did not release is taken back and reported with the stack of its checkout', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const leaks: string[] = [];
    const remove = addCallHooks({ leak: (call, { stack }) => leaks.push(`${call.method} ${stack}`) });
    let kept: Connection | undefined;
    await runCall({ method: 'forgetful' }, async function forgetfulHandler() {
      kept = await pool.getConnection();
      await kept.query('SET @mine = 1');
    });
    remove();
    expect(leaks).toHaveLength(1);
    expect(leaks[0]).toMatch(/^forgetful .*session-state\.test\.ts/s);
    expect((await pool.query('SELECT @mine AS mine'))[0]).toEqual([{ mine: null }]);
    await expect(kept?.query('SELECT 1')).rejects.toThrow(/taken back/);
    expect(fixture.db.logged.map(({ message }) => message)).toContain(
      'a handler did not release a connection; it was taken back',
    );
  });

  test('a handler whose deadline passed cannot disturb the next borrower of its connection', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    await pool.query('SELECT 1');
    let late: Promise<unknown> = Promise.resolve();
    const failed = runCall({ timeoutMs: 300 }, async () => {
      const connection = await pool.getConnection();
      late = new Promise((resolve) => setTimeout(resolve, 600)).then(() => connection.query('SET @mine = 1'));
      late.catch(() => undefined);
      await new Promise((_, reject) => currentCall()?.signal.addEventListener('abort', reject));
    });
    await expect(failed).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    const next = await pool.getConnection();
    await expect(late).rejects.toThrow(/taken back/);
    expect((await next.query('SELECT @mine AS mine'))[0]).toEqual([{ mine: null }]);
    next.release();
  });

  test('init statements run on every new and every reset connection', async () => {
    const pool = fixture.db.pool({
      connectionLimit: 1,
      fresh: { init: ['SET @who = 7', "SET time_zone = '+03:00'"] },
    });
    const look = async () => (await pool.query('SELECT @who AS who, @@time_zone AS zone'))[0];
    expect(await look()).toEqual([{ who: 7, zone: '+03:00' }]);
    const connection = await pool.getConnection();
    await connection.query('SET @who = 8');
    connection.release();
    expect(await look()).toEqual([{ who: 7, zone: '+03:00' }]);
    fixture.db.proxy.reset();
    expect(await look()).toEqual([{ who: 7, zone: '+03:00' }]);
    expect(pool.stats.dialed).toBe(2);
  });

  test('what a listener of the connection event sends belongs to the session, after a reset too', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    pool.on('connection', (connection) => {
      (connection as unknown as { query(sql: string, done: () => void): void }).query(
        'SET @who = 9',
        () => undefined,
      );
    });
    const look = async () => (await pool.query('SELECT @who AS who'))[0];
    expect(await look()).toEqual([{ who: 9 }]);
    const connection = await pool.getConnection();
    await connection.query('SET @who = 1');
    connection.release();
    expect(await look()).toEqual([{ who: 9 }]);
    expect(pool.stats.dialed).toBe(1);
  });

  test('a clean return costs no round trip, and steady load no probe', async () => {
    const pool = fixture.db.pool();
    for (let i = 0; i < 300; i += 1) await pool.query('SELECT ? AS n', [i]);
    expect(pool.stats).toMatchObject({ dialed: 1, probed: 0 });
  });
});
