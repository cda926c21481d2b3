import { status } from '@grpc/grpc-js';
import { failureDetails, freshConnections, handlers } from 'fresh-connections/grpc';
import { expect, it } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';
import { atOnce, delay, errorsOf } from '../../../support/workload.js';
import { type EchoClient, echo, type Note, serve } from './support/echo-server.js';

const RETRIES = {
  'grpc.service_config': JSON.stringify({
    loadBalancingConfig: [],
    methodConfig: [
      {
        name: [{ service: 'fresh.test.Echo' }],
        retryPolicy: {
          maxAttempts: 5,
          initialBackoff: '0.1s',
          maxBackoff: '2s',
          backoffMultiplier: 3,
          retryableStatusCodes: ['UNAVAILABLE', 'UNKNOWN'],
        },
      },
    ],
  }),
};

describeWithMariadb('a client with a retry policy, and a database that is away', (fixture) => {
  /** The pool gives up soon: to wait out the outage is the client's part. */
  async function start(client = {}): Promise<EchoClient & { runs: () => number }> {
    const pool = fixture.db.pool({ connectionLimit: 8, fresh: { outageBufferMs: 20 } });
    let runs = 0;
    const write = async ({ text }: Note): Promise<Note> => {
      runs += 1;
      await pool.query(text);
      return { text: 'done' };
    };
    const instance = { write, read: write, collect: write, async *spread() {}, async *chat() {} };
    const served = await serve([freshConnections()], handlers(echo, instance), echo, { client });
    return { ...served, runs: () => runs };
  }

  it('recovers by itself: it waits as long as the server says', async () => {
    const { unary, runs } = await start(RETRIES);
    expect((await unary('Write', 'SELECT 1')).error).toBeUndefined();
    fixture.db.proxy.refuse();
    fixture.db.proxy.reset();
    await delay(100);
    const calls = atOnce(8, async () => {
      const { error } = await unary('Write', 'SELECT 1');
      if (error !== undefined) throw error;
    });
    await delay(700);
    await fixture.db.proxy.accept();
    expect(errorsOf(await calls)).toEqual([]);
    // Once at first, then at least one failure and one success of each.
    expect(runs()).toBeGreaterThanOrEqual(17);
  });

  it('without one it is told so, and when to come back', async () => {
    const { unary } = await start();
    fixture.db.proxy.refuse();
    await delay(50);
    const { error, status: answer } = await unary('Write', 'SELECT 1');
    expect(error?.code).toBe(status.UNAVAILABLE);
    expect(failureDetails(error)).toMatchObject({ reason: 'SERVER_DOWN', outcome: 'none' });
    expect(Number(answer.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(0);
    expect(failureDetails(error)?.retryAfterMs).toBeGreaterThan(0);
    await fixture.db.proxy.accept();
  });

  it('does not repeat a write whose outcome is unknown, though its policy has the status', async () => {
    await fixture.db.admin.query('CREATE OR REPLACE TABLE tally (n INT)');
    const { unary, runs } = await start(RETRIES);
    await unary('Write', 'SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^INSERT/ },
      when: 'before',
      how: 'reset',
    });
    const { error } = await unary('Write', 'INSERT INTO tally VALUES (1)');
    expect(error?.code).toBe(status.UNKNOWN);
    expect(runs()).toBe(2);
    expect(await fixture.db.number('SELECT COUNT(*) FROM tally')).toBe(1);
  });
});
