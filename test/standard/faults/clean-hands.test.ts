import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connections, runCall } from 'fresh-connections';
import { expect, test, vi } from 'vitest';
import { describeWithMariadb } from '../../support/mariadb.js';
import { workers } from '../../support/workload.js';

/** Statements under faults; a longer run is asked for by the environment. */
const STATEMENTS = Number(process.env.FRESH_SOAK_STATEMENTS ?? 20_000);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Megabytes in use once everything unreachable is gone. */
function heapMb(): number {
  for (let i = 0; i < 3; i += 1) collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function count(type: string): number {
  return process.getActiveResourcesInfo().filter((name) => name === type).length;
}

describeWithMariadb('clean hands', (fixture) => {
  test('statements under faults leave no connection, timer, listener or memory behind', {
    timeout: 300_000,
  }, async () => {
    const before = { timers: count('Timeout'), sockets: count('TCPSocketWrap') };
    const pool = fixture.db.pool({ connectionLimit: 8 });
    let done = 0;
    const storm = setInterval(() => {
      const all = fixture.db.proxy.list();
      fixture.db.proxy.reset(all.slice(0, 2));
    }, 150);
    const until = async (statements: number) => {
      while (done < statements) {
        await workers(16, 200, () =>
          runCall({ timeoutMs: 10_000 }, async () => {
            done += 1;
            await pool.query('SELECT ? AS n', [done]);
          }),
        );
      }
    };
    await until(STATEMENTS / 4);
    const early = heapMb();
    await until(STATEMENTS);
    clearInterval(storm);
    const late = heapMb();
    console.info(
      `${done} statements: heap ${early.toFixed(1)} MB, then ${late.toFixed(1)} MB; ${pool.stats.dialed} dials`,
    );
    expect(late - early).toBeLessThan(4);
    // A connection that the last reset took may still be dialed anew.
    await vi.waitFor(() => expect(pool.stats).toMatchObject({ lent: 0, waiting: 0, dialing: 0 }), 2_000);
    await pool.end();
    expect(connections.size).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 700));
    fixture.db.proxy.reset();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(count('Timeout')).toBeLessThanOrEqual(before.timers);
    expect(count('TCPSocketWrap')).toBeLessThanOrEqual(before.sockets + 2);
  });

  test('each signal and connection keeps a bounded number of listeners', async () => {
    const pool = fixture.db.pool({ connectionLimit: 2 });
    const controller = new AbortController();
    let added = 0;
    const add = controller.signal.addEventListener.bind(controller.signal);
    const remove = controller.signal.removeEventListener.bind(controller.signal);
    controller.signal.addEventListener = (...args: Parameters<typeof add>) => {
      added += 1;
      add(...args);
    };
    controller.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      added -= 1;
      remove(...args);
    };
    await workers(4, 300, () => runCall({ signal: controller.signal }, () => pool.query('SELECT 1')));
    expect(added).toBe(0);
    const connection = await pool.getConnection();
    const { stream } = (connection as unknown as { connection: { stream: NodeJS.EventEmitter } }).connection;
    for (const event of ['data', 'error', 'close', 'end'])
      expect(stream.listenerCount(event)).toBeLessThan(5);
    connection.release();
  });
});
