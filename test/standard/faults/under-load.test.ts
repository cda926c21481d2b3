import { runCall, ServiceException } from 'fresh-connections';
import type { RowDataPacket } from 'mysql2/promise';
import { beforeEach, expect, test, vi } from 'vitest';
import { firstGreeting } from '../../support/first-greeting.js';
import { describeWithMariadb, type TestPool } from '../../support/mariadb.js';
import { delay, errorsOf, timed, workers, workersWhile } from '../../support/workload.js';

/** What a run acknowledged, and what it did not know. */
class Ledger {
  readonly acknowledged: string[] = [];
  readonly unknown: string[] = [];
  #next = 0;

  id(): string {
    this.#next += 1;
    return `t${this.#next}`;
  }
}

describeWithMariadb('faults under load', (fixture) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = new Ledger();
    await fixture.db.admin.query(
      `CREATE OR REPLACE TABLE account (id INT PRIMARY KEY, balance INT);
         CREATE OR REPLACE TABLE transfer (name VARCHAR(20), KEY (name));
         INSERT INTO account SELECT seq, 1000 FROM seq_1_to_50`,
    );
  });

  /** A transfer as a handler does it; its outcome is noted as a client would note it. */
  async function transfer(pool: TestPool): Promise<void> {
    const name = ledger.id();
    const [from, to] = [1 + Math.floor(Math.random() * 50), 1 + Math.floor(Math.random() * 50)].sort(
      (a, b) => a - b,
    );
    try {
      await runCall({ transaction: true, timeoutMs: 9_000 }, async () => {
        await pool.query('UPDATE account SET balance = balance - 1 WHERE id = ?', [from]);
        await pool.query('UPDATE account SET balance = balance + 1 WHERE id = ?', [to]);
        await pool.execute('INSERT INTO transfer VALUES (?)', [name]);
      });
      ledger.acknowledged.push(name);
    } catch (error) {
      if (!(error instanceof ServiceException) || error.reason !== 'OUTCOME_UNKNOWN') throw error;
      ledger.unknown.push(name);
    }
  }

  const read = (pool: TestPool): Promise<unknown> =>
    runCall({ timeoutMs: 9_000 }, () =>
      pool.query('SELECT balance FROM account WHERE id = ?', [1 + Math.floor(Math.random() * 50)]),
    );

  /** Compares what clients were told with what the server holds. */
  async function audit(): Promise<{ lost: string[]; doubled: string[]; invented: string[] }> {
    const plain = await import('mysql2/promise');
    const admin = await plain.createConnection({ uri: fixture.db.server.uri });
    const [rows] = await admin.query('SELECT name, COUNT(*) AS n FROM transfer GROUP BY name');
    const [sums] = await admin.query('SELECT SUM(balance) AS total FROM account');
    await admin.end();
    const held = new Map((rows as { name: string; n: number }[]).map(({ name, n }) => [name, Number(n)]));
    expect(Number((sums as { total: unknown }[])[0]?.total)).toBe(50_000);
    const told = new Set([...ledger.acknowledged, ...ledger.unknown]);
    return {
      lost: ledger.acknowledged.filter((name) => !held.has(name)),
      doubled: [...held].filter(([, n]) => n > 1).map(([name]) => name),
      invented: [...held.keys()].filter((name) => !told.has(name)),
    };
  }

  /** Kills two connections at random every 60 ms; returns the storm's end, which tells how many it killed. */
  function startStorm(): () => number {
    let kills = 0;
    const strike = async (): Promise<void> => {
      const [rows] = await fixture.db.admin.query<RowDataPacket[]>(
        'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY RAND() LIMIT 2',
      );
      for (const { id } of rows) {
        kills += 1;
        await fixture.db.admin.query(`KILL ${id}`).catch(() => undefined);
      }
    };
    const storm = setInterval(() => void strike(), 60);
    return () => {
      clearInterval(storm);
      return kills;
    };
  }

  /** Ten seconds of it; resolves to what failed. Nothing is lost or doubled, whatever fails. */
  async function weatherStorm(pool: TestPool): Promise<unknown[]> {
    const endStorm = startStorm();
    const timings = await workers(24, 10_000, (worker) => (worker % 2 === 0 ? transfer(pool) : read(pool)));
    const kills = endStorm();
    const errors = errorsOf(timings);
    console.info(
      `kill storm: ${timings.length} calls, ${kills} kills, ${ledger.unknown.length} outcome unknown, ${errors.length} failed`,
    );
    expect(kills).toBeGreaterThan(150);
    expect(timings.length).toBeGreaterThan(2_000);
    expect(await audit()).toEqual({ lost: [], doubled: [], invented: [] });
    return errors;
  }

  /**
   * A call fails when its connection is killed three times in a row. The storm strikes by the clock: where a
   * transaction takes a few milliseconds, that happens once in hundreds of storms; where something else keeps
   * the machine so busy that it takes 50, one in a thousand transactions meets it. Hence the best of three, and
   * what fails in the others must be what attempts that were used up look like.
   */
  test('a kill storm fails no read and no transaction, loses and doubles no write', {
    timeout: 90_000,
  }, async () => {
    const pool = fixture.db.direct({ connectionLimit: 16 });
    let fewest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3 && fewest > 0; round += 1) {
      const errors = await weatherStorm(pool);
      for (const error of errors)
        expect(error).toMatchObject({ status: 'UNAVAILABLE', reason: 'CONNECTION_LOST', outcome: 'none' });
      fewest = Math.min(fewest, errors.length);
    }
    expect(fewest).toBe(0);
  });

  test('single inserts in a kill storm fail only as outcome unknown, and none is doubled', async () => {
    const pool = fixture.db.direct({ connectionLimit: 16 });
    const endStorm = startStorm();
    const timings = await workers(24, 3_000, async () => {
      const name = ledger.id();
      const { error } = await timed(() =>
        runCall({}, () => pool.query('INSERT INTO transfer VALUES (?)', [name])),
      );
      if (error === undefined) ledger.acknowledged.push(name);
      else if ((error as ServiceException).reason === 'OUTCOME_UNKNOWN') ledger.unknown.push(name);
      else throw error;
    });
    expect(endStorm()).toBeGreaterThan(50);
    expect(errorsOf(timings)).toEqual([]);
    expect(await audit()).toEqual({ lost: [], doubled: [], invented: [] });
  });

  /** Crashes and restarts the server; resolves to the time from its first greeting to the first success. */
  async function crashAndRestart(downMs: number, succeeded: readonly number[]): Promise<number> {
    const crashedAt = performance.now();
    await fixture.db.server.crash();
    await delay(downMs);
    const restartedAt = performance.now();
    const greeting = firstGreeting(fixture.db.server);
    await fixture.db.server.restart();
    const acceptedAt = await greeting;
    const first = await vi.waitFor(() => {
      const found = succeeded.find((at) => at > restartedAt);
      if (found === undefined) throw new Error('nothing succeeded since the restart');
      return found;
    }, 5_000);
    console.info(
      `crash: away for ${Math.round(acceptedAt - crashedAt)} ms, first success ${Math.round(first - acceptedAt)} ms after the server accepted, ${ledger.unknown.length} outcome unknown`,
    );
    return first - acceptedAt;
  }

  test.each([
    { downMs: 50, way: 'pool' },
    { downMs: 2_000, way: 'direct' },
  ] as const)(
    'a crash and restart after $downMs ms fails no call, and the first succeeds within 100 ms of the server accepting',
    async ({ downMs, way }) => {
      const pool = fixture.db[way]({ connectionLimit: 16 });
      const succeeded: number[] = [];
      let over = false;
      const running = workersWhile(
        24,
        () => !over,
        async (worker) => {
          await (worker % 2 === 0 ? transfer(pool) : read(pool));
          succeeded.push(performance.now());
        },
      );
      // Two of three: machines are busy with something else at times.
      const inTime: number[] = [];
      for (let round = 0; round < 3 && inTime.length < 2; round += 1) {
        await delay(1_000);
        const ms = await crashAndRestart(downMs, succeeded);
        if (ms < 100) inTime.push(ms);
      }
      await delay(1_000);
      over = true;
      expect(errorsOf(await running)).toEqual([]);
      expect(await audit()).toEqual({ lost: [], doubled: [], invented: [] });
      expect(inTime).toHaveLength(2);
    },
  );

  test('resets of all connections under load fail no call', async () => {
    const pool = fixture.db.pool({ connectionLimit: 16 });
    const resets = setInterval(() => fixture.db.proxy.reset(), 1_000);
    const timings = await workers(24, 4_000, (worker) => (worker % 2 === 0 ? transfer(pool) : read(pool)));
    clearInterval(resets);
    expect(errorsOf(timings)).toEqual([]);
    expect(await audit()).toEqual({ lost: [], doubled: [], invented: [] });
  });
});
