import { status } from '@grpc/grpc-js';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { expect, it, vi } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';
import { selfSigned } from './support/certificate.js';
import { deadlineIn, echo, methodOf, type Note, serve } from './support/echo-server.js';

describeWithMariadb('a caller that no longer waits', (fixture) => {
  const SLEEP = 'SELECT SLEEP(20)';
  const running = (): Promise<number> =>
    fixture.db.number('SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = ?', [SLEEP]);

  async function start() {
    const pool = fixture.db.pool({ connectionLimit: 1 });
    const query = async ({ text }: Note): Promise<Note> => {
      await pool.query(text);
      return { text: 'done' };
    };
    async function* spread(note: Note): AsyncGenerator<Note> {
      yield await query(note);
    }
    const instance = {
      write: query,
      read: query,
      collect: async () => ({ text: '' }),
      spread,
      async *chat() {},
    };
    const tls = await selfSigned();
    return { pool, ...(await serve([freshConnections()], handlers(echo, instance), echo, { tls })) };
  }

  it('because its deadline passed: its statement ends on the server, and the connection is used again', async () => {
    const { unary, pool } = await start();
    const { error } = await unary('Write', SLEEP, {}, deadlineIn(300));
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    await vi.waitFor(async () => expect(await running()).toBe(0), 2_000);
    expect((await unary('Write', 'SELECT 1')).text).toBe('done');
    expect(pool.stats.dialed).toBe(1);
  });

  it('because it cancelled, in a stream', async () => {
    const { client, unary, pool } = await start();
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const stream = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: SLEEP,
    });
    stream.on('error', () => undefined);
    await vi.waitFor(async () => expect(await running()).toBe(1), 5_000);
    stream.cancel();
    await vi.waitFor(async () => expect(await running()).toBe(0), 2_000);
    expect((await unary('Write', 'SELECT 1')).text).toBe('done');
    expect(pool.stats.dialed).toBe(1);
  });
});
