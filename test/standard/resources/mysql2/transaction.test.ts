import { failureOf, runCall, ServiceException } from 'fresh-connections';
import type { RowDataPacket } from 'mysql2/promise';
import { beforeEach, expect, test } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';
import { errorsOf, workers } from '../../../support/workload.js';

describeWithMariadb('transactions', (fixture) => {
  beforeEach(async () => {
    await fixture.db.admin.query(
      'CREATE OR REPLACE TABLE account (id INT PRIMARY KEY, balance INT); INSERT INTO account VALUES (1, 100), (2, 100)',
    );
  });

  const balance = (id: number) => fixture.db.number('SELECT balance FROM account WHERE id = ?', [id]);
  const add = 'UPDATE account SET balance = balance + ? WHERE id = ?';

  test('statements of the pool join the transaction of the call', async () => {
    const pool = fixture.db.pool();
    await runCall({ transaction: true }, async () => {
      await pool.query(add, [-10, 1]);
      await pool.execute(add, [10, 2]);
      expect(await balance(1)).toBe(100);
    });
    expect([await balance(1), await balance(2)]).toEqual([90, 110]);
  });

  test('a handler that fails leaves nothing behind', async () => {
    const pool = fixture.db.pool();
    const failed = runCall({ transaction: true }, async () => {
      await pool.query(add, [-10, 1]);
      throw new ServiceException('FAILED_PRECONDITION', 'not enough money');
    });
    await expect(failed).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: 'not enough money',
    });
    expect(await balance(1)).toBe(100);
    expect(pool.stats).toMatchObject({ lent: 0, idle: 1 });
  });

  test('it runs again as a whole when the connection is lost before COMMIT is written', async () => {
    const pool = fixture.db.pool();
    let runs = 0;
    await runCall({ transaction: true }, async () => {
      runs += 1;
      await pool.query(add, [-10, 1]);
      if (runs === 1) fixture.db.proxy.reset();
      await pool.query(add, [10, 2]);
    });
    expect(runs).toBe(2);
    expect([await balance(1), await balance(2)]).toEqual([90, 110]);
  });

  test('it runs again when the reply to a statement in it is lost', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^UPDATE/ },
      when: 'before',
      how: 'reset',
    });
    await pool.transaction(() => pool.query(add, [5, 1]));
    expect(await balance(1)).toBe(105);
  });

  test('it runs again when BEGIN is lost', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^START TRANSACTION/ },
      when: 'before',
      how: 'fin',
    });
    await pool.transaction(() => pool.query(add, [5, 1]));
    expect(await balance(1)).toBe(105);
  });

  test('a COMMIT whose reply is lost is never repeated: its outcome is unknown', async () => {
    const pool = fixture.db.pool();
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^COMMIT/ },
      when: 'before',
      how: 'reset',
    });
    let runs = 0;
    const failed = runCall({ transaction: true }, () => {
      runs += 1;
      return pool.query(add, [5, 1]);
    });
    await expect(failed).rejects.toMatchObject({
      reason: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
    expect(runs).toBe(1);
    expect(await balance(1)).toBe(105);
  });

  test('a transaction whose loss the handler swallowed is not reported as committed', async () => {
    const pool = fixture.db.pool();
    let runs = 0;
    await runCall({ transaction: true }, async () => {
      runs += 1;
      await pool.query(add, [-10, 1]);
      if (runs === 1) fixture.db.proxy.reset();
      await pool.query(add, [10, 2]).catch(() => undefined);
    });
    expect(runs).toBe(2);
    expect([await balance(1), await balance(2)]).toEqual([90, 110]);
  });

  test('deadlocks between 8 workers fail no call, lose and double nothing, however long they go on', async () => {
    await fixture.db.admin.query('CREATE OR REPLACE TABLE transfer (name INT, KEY (name))');
    const pool = fixture.db.direct({ connectionLimit: 8 });
    const acknowledged: number[] = [];
    let next = 0;
    let runs = 0;
    const transfer = async (from: number, to: number): Promise<void> => {
      next += 1;
      const name = next;
      // Two rows, locked in either order: every second attempt is a victim, so that three are too few.
      await runCall({ transaction: true, maxAttempts: 30 }, async () => {
        runs += 1;
        await pool.query('INSERT INTO transfer VALUES (?)', [name]);
        await pool.query(add, [-1, from]);
        await pool.query(add, [1, to]);
      });
      acknowledged.push(name);
    };
    const timings = await workers(8, 4_000, (worker) => (worker % 2 === 0 ? transfer(1, 2) : transfer(2, 1)));
    expect(errorsOf(timings)).toEqual([]);
    // More repeats than a process may make while everything fails.
    expect(runs - timings.length).toBeGreaterThan(500);
    expect((await balance(1)) + (await balance(2))).toBe(200);
    const [rows] = await fixture.db.admin.query<RowDataPacket[]>('SELECT name FROM transfer ORDER BY name');
    expect(rows.map(({ name }) => name)).toEqual(acknowledged.sort((a, b) => a - b));
  });

  test('a lock wait timeout is rolled back, then reported when attempts are used up', async () => {
    const pool = fixture.db.pool({ fresh: { init: 'SET SESSION innodb_lock_wait_timeout = 1' } });
    await fixture.db.admin.query('START TRANSACTION; UPDATE account SET balance = 0 WHERE id = 1');
    try {
      const failed = runCall({ transaction: true, maxAttempts: 1 }, async () => {
        await pool.query(add, [7, 2]);
        await pool.query(add, [7, 1]);
      });
      await expect(failed).rejects.toMatchObject({
        status: 'ABORTED',
        reason: 'LOCK_WAIT_TIMEOUT',
        outcome: 'none',
      });
    } finally {
      await fixture.db.admin.query('ROLLBACK');
    }
    expect(await balance(2)).toBe(100);
  });

  test('nested transactions are savepoints', async () => {
    const pool = fixture.db.pool();
    await pool.transaction(async () => {
      await pool.query(add, [1, 1]);
      await expect(
        pool.transaction(async () => {
          await pool.query(add, [50, 1]);
          throw new Error('only this part');
        }),
      ).rejects.toThrow('only this part');
      await pool.transaction(() => pool.query(add, [2, 1]));
    });
    expect(await balance(1)).toBe(103);
  });

  test('a connection taken inside is that of the transaction, and its own BEGIN and COMMIT are nested', async () => {
    const pool = fixture.db.pool();
    await runCall({ transaction: true }, async () => {
      await pool.query(add, [1, 1]);
      const connection = await pool.getConnection();
      await connection.beginTransaction();
      await connection.query(add, [10, 1]);
      await connection.rollback();
      await connection.beginTransaction();
      await connection.query(add, [2, 1]);
      await connection.commit();
      connection.release();
      expect(await balance(1)).toBe(100);
    });
    expect(await balance(1)).toBe(103);
  });

  test('isolation level and read-only are set for this transaction only', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const write = pool.transaction(() => pool.query(add, [1, 1]), { readOnly: true });
    await expect(write).rejects.toSatisfy((error) => failureOf(error) !== undefined);
    await pool.transaction(() => pool.query(add, [1, 1]), { isolation: 'serializable' });
    await pool.query(add, [1, 1]);
    expect(await balance(1)).toBe(102);
    await expect(pool.transaction(async () => undefined, { isolation: 'dirty' as never })).rejects.toThrow(
      /isolation.*"dirty"/,
    );
  });

  test('a definition in a transaction commits what was before it, so it is not run again', async () => {
    const pool = fixture.db.pool();
    let runs = 0;
    const failed = runCall({ transaction: true }, async () => {
      runs += 1;
      await pool.query(add, [1, 1]);
      await pool.query('CREATE OR REPLACE TABLE side (id INT)');
      fixture.db.proxy.reset();
      await pool.query(add, [1, 2]);
    });
    await expect(failed).rejects.toMatchObject({ outcome: 'unknown', retryable: false });
    expect(runs).toBe(1);
    expect(fixture.db.logged.some(({ message }) => message.includes('ended the transaction'))).toBe(true);
  });

  test('statements that are sent after the handler returned do not run on somebody else’s connection', async () => {
    const pool = fixture.db.pool();
    let late: Promise<unknown> = Promise.resolve();
    await pool.transaction(async () => {
      await pool.query(add, [1, 1]);
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => pool.query(add, [100, 1]));
      late.catch(() => undefined);
    });
    await expect(late).rejects.toThrow(/the transaction is over/);
    expect(await balance(1)).toBe(101);
  });

  test('a transaction asked of an unknown resource says which there are', async () => {
    fixture.db.pool({ fresh: { name: 'accounts' } });
    await expect(runCall({ transaction: 'nowhere' }, async () => 1)).rejects.toMatchObject({
      status: 'INTERNAL',
    });
    expect(JSON.stringify(fixture.db.logged)).toContain('there is no resource named');
  });
});
