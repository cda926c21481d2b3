import { failureOf, runCall, ServiceException, withFreshConnections } from 'fresh-connections';
import { FRESH_OUTCOME_DDL } from 'fresh-connections/mysql2';
import type { CutRule } from 'fresh-connections/testing';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { describeWithMariadb, type TestPool } from '../../../support/mariadb.js';
import { delay, timed } from '../../../support/workload.js';

const ADD = 'UPDATE account SET balance = balance + ? WHERE id = ?';

const cutAt = (sql: RegExp, rule: Pick<CutRule, 'direction' | 'when' | 'how'>): CutRule => ({
  at: { command: 'COM_QUERY', sql },
  ...rule,
});

describeWithMariadb('exactly once', (fixture) => {
  beforeEach(async () => {
    await fixture.db.admin.query(
      `DROP TABLE IF EXISTS fresh_outcome;
       CREATE OR REPLACE TABLE account (id INT PRIMARY KEY, balance INT);
       INSERT INTO account VALUES (1, 100), (2, 100)`,
    );
  });

  const balance = (id = 1) => fixture.db.number('SELECT balance FROM account WHERE id = ?', [id]);

  /** Adds 5 to an account, and counts how often it ran. */
  const deposit = (pool: TestPool, ran: { times: number }) => async (): Promise<string> => {
    ran.times += 1;
    await pool.query(ADD, [5, 1]);
    return `run ${ran.times}`;
  };

  describe('a lost reply to COMMIT', () => {
    test.each(['reset', 'fin', 'silence'] as const)(
      'the server had committed (%s): the result of the handler is returned',
      async (how) => {
        const pool = fixture.db.pool({ fresh: { silenceMs: 200 } });
        const ran = { times: 0 };
        fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-client', when: 'before', how }));
        const result = await runCall({ exactlyOnce: true }, deposit(pool, ran));
        expect(result).toBe('run 1');
        expect(await balance()).toBe(105);
      },
    );

    test.each(['reset', 'fin', 'silence'] as const)(
      'the server never heard of it (%s): the handler runs again',
      async (how) => {
        const pool = fixture.db.pool({ fresh: { silenceMs: 200 } });
        const ran = { times: 0 };
        fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-server', when: 'before', how }));
        const result = await runCall({ exactlyOnce: true }, deposit(pool, ran));
        expect(result).toBe('run 2');
        expect(await balance()).toBe(105);
      },
    );

    test('without exactlyOnce the outcome is unknown', async () => {
      const pool = fixture.db.pool();
      fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-client', when: 'before', how: 'reset' }));
      const ran = { times: 0 };
      await expect(runCall({ transaction: true }, deposit(pool, ran))).rejects.toMatchObject({
        reason: 'OUTCOME_UNKNOWN',
      });
      expect(ran.times).toBe(1);
    });

    test('db.transaction and a decorated method know it too', async () => {
      const pool = fixture.db.pool();
      class Handler {
        @withFreshConnections({ exactlyOnce: true })
        async deposit(): Promise<string> {
          await pool.query(ADD, [5, 1]);
          return 'decorated';
        }
      }
      for (const run of [
        () => pool.transaction(() => pool.query(ADD, [5, 1]), { exactlyOnce: true }),
        () => new Handler().deposit(),
      ]) {
        fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-client', when: 'before', how: 'reset' }));
        await run();
      }
      expect(await balance()).toBe(110);
    });

    test('a COMMIT that is held in the network for 2 s is never applied after the fence said no', async () => {
      // The network is so slow that the server seems to run nothing: the connection is given up.
      const pool = fixture.db.pool({ fresh: { silenceMs: 200 } });
      const ran = { times: 0 };
      fixture.db.proxy.cut(
        cutAt(/^COMMIT/, { direction: 'to-server', when: 'before', how: { delayMs: 2_000 } }),
      );
      const { ms, error } = await timed(() => runCall({ exactlyOnce: true }, deposit(pool, ran)));
      expect(error).toBeUndefined();
      expect(ms).toBeLessThan(1_900);
      expect(ran.times).toBe(2);
      await delay(2_500);
      expect(await balance()).toBe(105);
    });

    test('the fence itself may be lost: the outcome is known all the same', async () => {
      const pool = fixture.db.pool();
      const ran = { times: 0 };
      fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-server', when: 'before', how: 'reset' }));
      fixture.db.proxy.cut(
        cutAt(/^INSERT INTO .*fresh_outcome.*'fence'/, {
          direction: 'to-client',
          when: 'before',
          how: 'reset',
        }),
      );
      expect(await runCall({ exactlyOnce: true }, deposit(pool, ran))).toBe('run 2');
      expect(await balance()).toBe(105);
      expect(await fixture.db.number("SELECT COUNT(*) FROM fresh_outcome WHERE state = 'fence'")).toBe(1);
    });

    test('a server that stays away leaves it unknown', async () => {
      const pool = fixture.db.pool({ fresh: { outageBufferMs: 400 } });
      const ran = { times: 0 };
      const cut = fixture.db.proxy.cut(
        cutAt(/^COMMIT/, { direction: 'to-client', when: 'before', how: 'reset' }),
      );
      void cut.hit.then(() => {
        fixture.db.proxy.refuse();
        fixture.db.proxy.reset();
      });
      const { error, ms } = await timed(() => runCall({ exactlyOnce: true }, deposit(pool, ran)));
      expect(error).toMatchObject({ status: 'UNKNOWN', reason: 'OUTCOME_UNKNOWN' });
      expect(ms).toBeLessThan(3_000);
      await fixture.db.proxy.accept();
    });
  });

  test('it costs one statement in a transaction, and none without it', async () => {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const ran = { times: 0 };
    const questions = () =>
      fixture.db.number(
        "SELECT SUM(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'QUESTIONS'",
      );
    const cost = async (run: () => Promise<unknown>): Promise<number> => {
      await run();
      const before = await questions();
      for (let i = 0; i < 10; i += 1) await run();
      return ((await questions()) - before - 1) / 10;
    };
    const bare = await cost(() => runCall({ transaction: true }, deposit(pool, ran)));
    const once = await cost(() => runCall({ exactlyOnce: true }, deposit(pool, ran)));
    expect([bare, once]).toEqual([3, 4]);
  });

  describe('idempotency keys', () => {
    const pay = (pool: TestPool, ran: { times: number }, key: string, args: readonly unknown[] = [1]) =>
      runCall({ method: 'pay', exactlyOnce: true, idempotencyKey: key, args }, deposit(pool, ran));

    test('a second call gets the result of the first, and runs nothing', async () => {
      const pool = fixture.db.pool();
      const ran = { times: 0 };
      expect([await pay(pool, ran, 'a'), await pay(pool, ran, 'a')]).toEqual(['run 1', 'run 1']);
      expect(await pay(pool, ran, 'b')).toBe('run 2');
      expect(await balance()).toBe(110);
    });

    test('the same key with other arguments is refused', async () => {
      const pool = fixture.db.pool();
      const ran = { times: 0 };
      await pay(pool, ran, 'a', [1]);
      await expect(pay(pool, ran, 'a', [2])).rejects.toMatchObject({
        status: 'INVALID_ARGUMENT',
        reason: 'KEY_REUSED',
      });
      expect(ran.times).toBe(1);
    });

    test('while the first one runs, others wait for its result, in this process and in others', async () => {
      const [here, there] = [
        fixture.db.pool({ fresh: { name: 'here' } }),
        fixture.db.pool({ fresh: { name: 'there' } }),
      ];
      await here.query(FRESH_OUTCOME_DDL);
      const ran = { times: 0 };
      const slowly = (pool: TestPool) => async (): Promise<string> => {
        ran.times += 1;
        await pool.query(ADD, [5, 1]);
        await delay(300);
        return `run ${ran.times}`;
      };
      const once = { exactlyOnce: { key: 'k' } } as const;
      const results = await Promise.all([
        here.transaction(slowly(here), once),
        here.transaction(slowly(here), once),
        there.transaction(slowly(there), once),
        there.transaction(slowly(there), once),
      ]);
      expect(results).toEqual(['run 1', 'run 1', 'run 1', 'run 1']);
      expect(await balance()).toBe(105);
    });

    test('a first call that fails leaves the key to the next', async () => {
      const pool = fixture.db.pool();
      const refuse = async (): Promise<never> => {
        await pool.query(ADD, [5, 1]);
        throw new ServiceException('FAILED_PRECONDITION', 'no');
      };
      const options = { method: 'pay', exactlyOnce: true, idempotencyKey: 'a' } as const;
      await expect(runCall(options, refuse)).rejects.toThrow('no');
      expect(await runCall(options, deposit(pool, { times: 0 }))).toBe('run 1');
      expect(await balance()).toBe(105);
    });

    test.each(['to-client', 'to-server'] as const)(
      'a COMMIT that is lost %s is resolved, and the key answers for it afterwards',
      async (direction) => {
        const pool = fixture.db.pool();
        const ran = { times: 0 };
        fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction, when: 'before', how: 'reset' }));
        const first = await pay(pool, ran, 'a');
        expect(await pay(pool, ran, 'a')).toBe(first);
        expect(await balance()).toBe(105);
        expect(ran.times).toBe(direction === 'to-client' ? 1 : 2);
      },
    );

    test('methods and callers do not share keys', async () => {
      const pool = fixture.db.pool();
      const ran = { times: 0 };
      const as = (method: string, caller: string) =>
        runCall({ method, exactlyOnce: { callerOf: () => caller }, idempotencyKey: 'a' }, deposit(pool, ran));
      const results = [
        await as('pay', 'x'),
        await as('pay', 'y'),
        await as('refund', 'x'),
        await as('pay', 'x'),
      ];
      expect(results).toEqual(['run 1', 'run 2', 'run 3', 'run 1']);
    });

    test('a result that cannot be kept commits nothing', async () => {
      const pool = fixture.db.pool();
      const call = runCall({ exactlyOnce: true, idempotencyKey: 'a' }, async () => {
        await pool.query(ADD, [5, 1]);
        return { amount: 5n };
      });
      await expect(call).rejects.toMatchObject({ status: 'INTERNAL', outcome: 'none' });
      expect(await balance()).toBe(100);
    });

    test('a codec keeps what JSON cannot', async () => {
      const pool = fixture.db.pool();
      const codec = {
        encode: (result: unknown) => Buffer.from(String(result)),
        decode: (bytes: Uint8Array) => BigInt(Buffer.from(bytes).toString()),
      };
      const call = () =>
        runCall({ exactlyOnce: { codec }, idempotencyKey: 'a' }, async () => {
          await pool.query(ADD, [5, 1]);
          return 5n;
        });
      expect([await call(), await call()]).toEqual([5n, 5n]);
      expect(await balance()).toBe(105);
    });
  });

  describe('the table', () => {
    const restricted = async (grants: string): Promise<TestPool> => {
      const { admin, server } = fixture.db;
      await admin.query(
        `CREATE OR REPLACE USER careful@'%'; GRANT SELECT, UPDATE ON ${server.database}.account TO careful@'%'; ${grants}`,
      );
      return fixture.db.pool({ user: 'careful', password: '' });
    };

    test('a user that may not make it is told the statement to run', async () => {
      const pool = await restricted('');
      const call = pool.transaction(() => pool.query(ADD, [5, 1]), { exactlyOnce: true });
      await expect(call).rejects.toThrow(/CREATE TABLE IF NOT EXISTS .*fresh_outcome/s);
      expect(failureOf(await call.catch((error: unknown) => error))).toMatchObject({
        reason: 'MISCONFIGURED',
        outcome: 'none',
      });
      expect(await balance()).toBe(100);
    });

    test('SELECT, INSERT and DELETE on it are enough', async () => {
      await fixture.db.admin.query(FRESH_OUTCOME_DDL);
      const { database } = fixture.db.server;
      const pool = await restricted(
        `GRANT SELECT, INSERT, DELETE ON ${database}.fresh_outcome TO careful@'%'`,
      );
      const ran = { times: 0 };
      for (const direction of ['to-client', 'to-server'] as const) {
        fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction, when: 'before', how: 'reset' }));
        await runCall({ exactlyOnce: true }, deposit(pool, ran));
      }
      fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction: 'to-server', when: 'before', how: 'reset' }));
      await runCall({ exactlyOnce: true, idempotencyKey: 'a' }, deposit(pool, ran));
      expect(await balance()).toBe(115);
    });

    test('one that was dropped is made again', async () => {
      const pool = fixture.db.pool();
      const ran = { times: 0 };
      await runCall({ exactlyOnce: true }, deposit(pool, ran));
      await fixture.db.admin.query('DROP TABLE fresh_outcome');
      await runCall({ exactlyOnce: true }, deposit(pool, ran)).catch(() => undefined);
      await runCall({ exactlyOnce: true }, deposit(pool, ran));
      expect(await fixture.db.number('SELECT COUNT(*) FROM fresh_outcome')).toBeGreaterThan(0);
    });

    test('old rows go, in batches, while nobody waits for it', async () => {
      await fixture.db.admin.query(
        `${FRESH_OUTCOME_DDL};
         INSERT INTO fresh_outcome (id, state, created_at) SELECT seq, 'done', NOW() - INTERVAL 2 HOUR FROM seq_1_to_1200`,
      );
      const pool = fixture.db.pool({ fresh: { outcomeRetentionMs: 3_600_000 } });
      await runCall({ exactlyOnce: true }, deposit(pool, { times: 0 }));
      await vi.waitFor(
        async () => expect(await fixture.db.number('SELECT COUNT(*) FROM fresh_outcome')).toBe(1),
        5_000,
      );
    });
  });

  test('options that cannot be kept are refused by name', async () => {
    const pool = fixture.db.pool();
    const readOnly = pool.transaction(async () => undefined, { exactlyOnce: true, readOnly: true });
    await expect(readOnly).rejects.toThrow(/exactlyOnce needs a transaction that may write/);
    const keyless = pool.transaction(async () => undefined, { exactlyOnce: { key: '' } });
    await expect(keyless).rejects.toThrow(/key must be a string that is not empty, got ""/);
    expect(() => fixture.db.pool({ fresh: { name: 'short', outcomeRetentionMs: 59_999 } })).toThrow(
      /outcomeRetentionMs .*59999/,
    );
  });

  test('resolution takes under 50 ms at p99 when the network is up', async () => {
    const pool = fixture.db.pool({ connectionLimit: 4 });
    const ran = { times: 0 };
    const took: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const direction = i % 2 === 0 ? 'to-client' : 'to-server';
      const cut = fixture.db.proxy.cut(cutAt(/^COMMIT/, { direction, when: 'before', how: 'reset' }));
      const lost = cut.hit.then(() => performance.now());
      await runCall({ exactlyOnce: true }, deposit(pool, ran));
      took.push(performance.now() - (await lost));
    }
    took.sort((a, b) => a - b);
    console.info(`resolution: p50 ${took[50]?.toFixed(1)} ms, p99 ${took[98]?.toFixed(1)} ms`);
    expect(took[98]).toBeLessThan(50);
    expect(await balance()).toBe(600);
  });
});
