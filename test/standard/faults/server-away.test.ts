import { connections, runCall, type ServiceException } from 'fresh-connections';
import type { RowDataPacket } from 'mysql2/promise';
import { expect, test, vi } from 'vitest';
import { describeWithMariadb } from '../../support/mariadb.js';
import { atOnce, delay, errorsOf, percentile, timed } from '../../support/workload.js';

const BUFFER = { outageBufferMs: 600, acquireTimeoutMs: 5_000 };

describeWithMariadb(
  'a server that is away',
  (fixture) => {
    const reasons = (errors: readonly unknown[]) =>
      new Set(errors.map((error) => (error as ServiceException).reason));

    test('down for longer than the buffer: at once UNAVAILABLE with a delay, one dial at a time, recovers alone', async () => {
      const dials = { atOnce: 0, most: 0, count: 0 };
      // Asked at every dial, and slow enough for dials side by side to meet here.
      const host = async (): Promise<string> => {
        dials.count += 1;
        dials.atOnce += 1;
        dials.most = Math.max(dials.most, dials.atOnce);
        await delay(20);
        dials.atOnce -= 1;
        return '127.0.0.1';
      };
      const pool = fixture.db.pool({ connectionLimit: 16, fresh: { ...BUFFER, host } });
      await pool.query('SELECT 1');
      fixture.db.proxy.refuse();
      fixture.db.proxy.reset();
      const calls = atOnce(24, () => runCall({}, () => pool.query('SELECT 1')));
      await vi.waitFor(() => expect(connections.get('default')?.health).toBe('down'), 500);
      await vi.waitFor(() => expect(dials.atOnce).toBeLessThan(2), 500);
      Object.assign(dials, { most: 0, count: 0 });
      const inBuffer = await calls;
      expect(reasons(errorsOf(inBuffer))).toEqual(new Set(['SERVER_DOWN']));
      expect(errorsOf(inBuffer)).toHaveLength(24);
      expect(percentile(inBuffer, 1)).toBeLessThan(2_500);
      const after = await atOnce(24, () => runCall({}, () => pool.query('SELECT 1')));
      expect(percentile(after, 1)).toBeLessThan(200);
      for (const error of errorsOf(after)) {
        expect(error).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none', retryable: true });
        expect((error as ServiceException).retryAfterMs).toBeGreaterThan(0);
      }
      expect(errorsOf(after)).toHaveLength(24);
      expect(dials.most).toBe(1);
      expect(dials.count).toBeLessThan(30);
      await fixture.db.proxy.accept();
      await vi.waitFor(() => expect(connections.get('default')?.health).toBe('up'), 3_000);
      expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    });

    test('dials of an outage are single-flight with backoff, when each takes its time too', async () => {
      const pool = fixture.db.pool({ connectionLimit: 16, fresh: { ...BUFFER, dialTimeoutMs: 300 } });
      await pool.query('SELECT 1');
      fixture.db.proxy.mute();
      fixture.db.proxy.reset();
      const before = fixture.db.proxy.accepted;
      const calls = atOnce(48, () => pool.query('SELECT 1'));
      await vi.waitFor(() => expect(pool.stats.dialing).toBeLessThan(2), { timeout: 1_500, interval: 5 });
      // The dials that were under way when the outage began, then one after the other.
      let mostAtOnce = 0;
      const watch = setInterval(() => {
        mostAtOnce = Math.max(mostAtOnce, pool.stats.dialing);
      }, 5);
      await delay(2_000);
      clearInterval(watch);
      expect(errorsOf(await calls)).toHaveLength(48);
      expect(mostAtOnce).toBe(1);
      expect(fixture.db.proxy.accepted - before).toBeLessThan(16 + 10);
      fixture.db.proxy.heal();
      const one = pool.query('SELECT 1 AS one');
      expect((await one.catch(() => delay(1_200).then(() => pool.query('SELECT 1 AS one'))))[0]).toEqual([
        { one: 1 },
      ]);
    });

    test('a server that accepts and stays silent: bounded, the right status, no storm', async () => {
      fixture.db.proxy.mute();
      const pool = fixture.db.pool({
        connectionLimit: 4,
        fresh: { dialTimeoutMs: 200, outageBufferMs: 500, acquireTimeoutMs: 1_500 },
      });
      const timings = await atOnce(12, () => runCall({}, () => pool.query('SELECT 1')));
      expect(errorsOf(timings)).toHaveLength(12);
      for (const error of errorsOf(timings))
        expect(error).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none' });
      // The buffer and a dial, and not the acquire timeout.
      expect(percentile(timings, 1)).toBeLessThan(1_400);
      expect(fixture.db.proxy.accepted).toBeLessThan(16);
    });

    test('max_connections reached: waits within the buffer, then RESOURCE_EXHAUSTED, and no storm', async () => {
      await fixture.db.server.setGlobal('max_connections', 10);
      const { createConnection } = await import('mysql2/promise');
      const hogs = [];
      try {
        for (;;) hogs.push(await createConnection({ uri: fixture.db.server.uri }));
      } catch {
        // Full: root may have one more, which setGlobal needs.
      }
      try {
        const pool = fixture.db.pool({ connectionLimit: 4, fresh: BUFFER });
        const { ms, error } = await timed(() => runCall({}, () => pool.query('SELECT 1')));
        expect(error).toMatchObject({
          status: 'RESOURCE_EXHAUSTED',
          reason: 'TOO_MANY_CONNECTIONS',
          outcome: 'none',
        });
        expect(ms).toBeLessThan(2_000);
        expect(fixture.db.proxy.accepted).toBeLessThan(15);
        for (const hog of hogs.splice(0)) await hog.end();
        await vi.waitFor(
          async () => expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]),
          3_000,
        );
      } finally {
        for (const hog of hogs) hog.destroy();
        await vi.waitFor(() => fixture.db.server.setGlobal('max_connections', 151), 5_000);
      }
    });

    test('a wrong password fails at once, says so in the log, and makes no storm', async () => {
      const pool = fixture.db.pool({ password: 'hunter2-is-wrong' });
      const timings = await atOnce(50, () => runCall({}, () => pool.query('SELECT 1')));
      for (const error of errorsOf(timings))
        expect(error).toMatchObject({ status: 'INTERNAL', message: 'internal error' });
      expect(errorsOf(timings)).toHaveLength(50);
      expect(percentile(timings, 1)).toBeLessThan(1_000);
      expect(fixture.db.proxy.accepted).toBeLessThan(13);
      expect(
        fixture.db.logged.filter(({ message }) => message.includes('refuses what this resource')),
      ).toHaveLength(1);
      expect(JSON.stringify(fixture.db.logged)).not.toContain('hunter2');
    });

    test('an unknown database fails at once', async () => {
      const pool = fixture.db.pool({ database: 'nowhere' });
      const { error, ms } = await timed(() => pool.query('SELECT 1'));
      expect(error).toMatchObject({ code: 'ER_BAD_DB_ERROR' });
      expect(ms).toBeLessThan(1_000);
    });

    test('a password that rotates while running is asked for at every dial', async () => {
      const { admin } = fixture.db;
      const { database } = fixture.db.server;
      await admin.query(
        `CREATE OR REPLACE USER rotating@'%' IDENTIFIED BY 'first'; GRANT ALL ON ${database}.* TO rotating@'%'`,
      );
      let current = 'first';
      let asked = 0;
      const pool = fixture.db.pool({
        user: 'rotating',
        connectionLimit: 4,
        fresh: {
          password: async () => {
            asked += 1;
            return current;
          },
        },
      });
      expect(errorsOf(await atOnce(8, () => pool.query('SELECT SLEEP(0.01)')))).toEqual([]);
      await admin.query("ALTER USER rotating@'%' IDENTIFIED BY 'second'");
      current = 'second';
      fixture.db.proxy.reset();
      expect(errorsOf(await atOnce(8, () => pool.query('SELECT SLEEP(0.01)')))).toEqual([]);
      expect(asked).toBeGreaterThan(4);
    });

    test('a token that was replaced between being asked for and being used is asked for once more', async () => {
      const { admin } = fixture.db;
      const { database } = fixture.db.server;
      await admin.query(
        `CREATE OR REPLACE USER rotating@'%' IDENTIFIED BY 'new'; GRANT ALL ON ${database}.* TO rotating@'%'`,
      );
      const tokens = ['old', 'new'];
      const pool = fixture.db.pool({ user: 'rotating', fresh: { password: () => tokens.shift() ?? 'new' } });
      expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    });

    test('an address that changed is picked up at the next dial', async () => {
      const { FaultProxy } = await import('fresh-connections/testing');
      const { host, port } = fixture.db.server;
      const next = await FaultProxy.start({ target: { host, port } });
      let current = fixture.db.proxy.port;
      const pool = fixture.db.pool({
        connectionLimit: 4,
        fresh: { port: () => current, host: async () => '127.0.0.1' },
      });
      await pool.query('SELECT 1');
      current = next.port;
      fixture.db.proxy.refuse();
      fixture.db.proxy.reset();
      expect(errorsOf(await atOnce(8, () => pool.query('SELECT 1')))).toEqual([]);
      expect(next.accepted).toBeGreaterThan(0);
      await pool.end();
      await next.close();
    });

    test('a server that turns read-only is left for one that takes writes', async () => {
      await fixture.db.admin.query(
        "CREATE OR REPLACE TABLE book (id INT); CREATE OR REPLACE USER writer@'%'; GRANT SELECT, INSERT ON *.* TO writer@'%'",
      );
      const pool = fixture.db.pool({ user: 'writer', password: '', connectionLimit: 4 });
      const ids = async () => {
        const rows = await Promise.all(
          [1, 2, 3, 4].map(() => pool.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id, SLEEP(0.05)')),
        );
        return rows.map(([[row]]) => row?.id as number);
      };
      const before = await ids();
      await pool.query('INSERT INTO book VALUES (1)');
      await fixture.db.server.setGlobal('read_only', 1);
      const refused = await timed(() => runCall({}, () => pool.query('INSERT INTO book VALUES (2)')));
      expect(refused.error).toMatchObject({
        status: 'UNAVAILABLE',
        reason: 'READ_ONLY',
        outcome: 'none',
        retryable: true,
      });
      // Each connection led to that server.
      for (const id of await ids()) expect(before).not.toContain(id);
      await fixture.db.server.setGlobal('read_only', 0);
      expect(errorsOf(await atOnce(4, () => pool.query('INSERT INTO book VALUES (3)')))).toEqual([]);
      expect(await fixture.db.number('SELECT COUNT(*) FROM book')).toBe(5);
    });

    test('a write that meets a read-only server is repeated on one that takes writes', async () => {
      await fixture.db.admin.query(
        "CREATE OR REPLACE TABLE book (id INT); CREATE OR REPLACE USER writer@'%'; GRANT SELECT, INSERT ON *.* TO writer@'%'",
      );
      let failedOver = false;
      const host = async (): Promise<string> => {
        if (failedOver) await fixture.db.server.setGlobal('read_only', 0);
        return '127.0.0.1';
      };
      const pool = fixture.db.pool({ user: 'writer', password: '', connectionLimit: 4, fresh: { host } });
      try {
        await atOnce(4, () => pool.query('SELECT SLEEP(0.05)'));
        await fixture.db.server.setGlobal('read_only', 1);
        failedOver = true;
        const writes = await atOnce(4, () => runCall({}, () => pool.query('INSERT INTO book VALUES (1)')));
        expect(errorsOf(writes)).toEqual([]);
        expect(await fixture.db.number('SELECT COUNT(*) FROM book')).toBe(4);
        expect(pool.stats.dialed).toBeGreaterThan(4);
      } finally {
        await fixture.db.server.setGlobal('read_only', 0);
      }
    });

    test('protocol garbage and unsolicited bytes evict the connection and are never taken for a reply', async () => {
      const { createServer, connect } = await import('node:net');
      const { host, port } = fixture.db.server;
      const clients = new Set<import('node:net').Socket>();
      const inject = createServer({ noDelay: true }, (client) => {
        const upstream = connect(port, host);
        clients.add(client);
        client.pipe(upstream).pipe(client);
        for (const socket of [client, upstream]) socket.on('error', () => undefined);
        client.on('close', () => clients.delete(client));
      });
      await new Promise<void>((resolve) => inject.listen(0, '127.0.0.1', resolve));
      const pool = fixture.db.pool({
        port: (inject.address() as import('node:net').AddressInfo).port,
        connectionLimit: 2,
      });
      const noise = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const ok = Buffer.from([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
      for (const bytes of [
        ok,
        // The first byte of the next reply would complete it.
        ok.subarray(0, -1),
        Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
        Buffer.alloc(64, 0xff),
        Buffer.alloc(64, 0),
      ]) {
        await atOnce(2, () => pool.query('SELECT SLEEP(0.02)'));
        for (const client of clients) client.write(bytes);
        await delay(20);
        const results = await Promise.all([1, 2, 3].map((n) => pool.query('SELECT ? AS n', [n])));
        expect(results.map(([rows]) => rows)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
      }
      noise.mockRestore();
      await pool.end();
      inject.close();
    });

    test('the wall clock set back or forward has no effect', async () => {
      const pool = fixture.db.pool({ connectionLimit: 4 });
      await atOnce(4, () => pool.query('SELECT SLEEP(0.02)'));
      const dialed = pool.stats.dialed;
      const real = Date.now;
      for (const shift of [-86_400_000, 86_400_000 * 365]) {
        vi.spyOn(Date, 'now').mockImplementation(() => real() + shift);
        expect(
          errorsOf(await atOnce(8, () => runCall({ timeoutMs: 5_000 }, () => pool.query('SELECT 1')))),
        ).toEqual([]);
        vi.restoreAllMocks();
      }
      expect(pool.stats.dialed).toBe(dialed);
    });
  },
  { maxConnections: 151 },
);
