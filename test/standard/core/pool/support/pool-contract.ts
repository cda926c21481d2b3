import { runCall } from 'fresh-connections';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { blockEventLoop, delay } from '../../../../support/workload.js';
import { exceptionOf, rejection } from '../../support/rejection.js';
import type { PoolUnderTest, PoolWorld } from './pool-world.js';

/** Opens so many connections, and lets them idle. */
async function fill(pool: PoolUnderTest, count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => pool.take()));
  for (const connection of held) connection.release();
  return held.map(({ id }) => id);
}

/** Takes a connection, uses it, gives it back; answers with its id. */
async function useOnce(pool: PoolUnderTest): Promise<number> {
  const connection = await pool.take();
  await connection.use();
  connection.release();
  return connection.id;
}

/** Whether something has happened yet. */
function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; settled: boolean } {
  const watch = { promise, settled: false };
  const settle = (): void => {
    watch.settled = true;
  };
  promise.then(settle, settle);
  return watch;
}

async function msOf(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

const soon = { timeout: 3_000, interval: 5 };
const LONG_MS = 60_000;

/** What a pool does, whatever its driver. */
export function poolContract(open: () => PoolWorld): void {
  let world: PoolWorld;
  beforeEach(() => {
    world = open();
  });
  afterEach(() => world.close());

  describe('taking and giving back', () => {
    it('lends the connection that was used last', async () => {
      const pool = world.pool({ maxConnections: 3 });
      const [a, b, c] = await Promise.all([pool.take(), pool.take(), pool.take()]);
      for (const connection of [b, c, a]) connection.release();
      expect((await pool.take()).id).toBe(a.id);
      expect((await pool.take()).id).toBe(c.id);
      expect((await pool.take()).id).toBe(b.id);
    });

    it('makes no more connections than it may', async () => {
      const pool = world.pool({ maxConnections: 3 });
      await Promise.all(Array.from({ length: 20 }, () => useOnce(pool)));
      expect(pool.stats).toMatchObject({ idle: 3, lent: 0, dialed: 3 });
      expect(world.accepted).toBe(3);
    });

    it('asks nothing of a connection that was used a moment ago', async () => {
      const pool = world.pool({ maxConnections: 1 });
      for (let i = 0; i < 20; i += 1) await useOnce(pool);
      expect(pool.stats).toMatchObject({ dialed: 1, probed: 0 });
    });

    it('resets what comes back altered, and lends the same connection', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      await first.alter();
      first.release();
      expect(await useOnce(pool)).toBe(first.id);
    });

    it('gives up a reset that takes too long', async () => {
      const pool = world.pool({ maxConnections: 1, resetTimeoutMs: 100 });
      const first = await pool.take();
      await first.alter();
      world.silence();
      first.release();
      expect(await useOnce(pool)).not.toBe(first.id);
    });

    it('destroys what comes back busy', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      first.keepBusy();
      first.release();
      expect(await useOnce(pool)).not.toBe(first.id);
      expect(pool.stats).toMatchObject({ idle: 1, dialed: 2 });
    });

    it('replaces what comes back dead', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      world.end();
      await delay(20);
      first.release();
      expect(pool.stats).toMatchObject({ idle: 0, lent: 0 });
      expect(await useOnce(pool)).not.toBe(first.id);
    });
  });

  describe('waiting', () => {
    it('serves callers in the order in which they came', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      const served: number[] = [];
      const callers = [1, 2, 3, 4, 5].map(async (caller) => {
        const connection = await pool.take();
        served.push(caller);
        await connection.use();
        connection.release();
      });
      first.release();
      await Promise.all(callers);
      expect(served).toEqual([1, 2, 3, 4, 5]);
    });

    it('lets nobody who comes later overtake those who wait', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      const waiting = pool.take();
      first.release();
      const late = watched(pool.take());
      const second = await waiting;
      await delay(20);
      expect(late.settled).toBe(false);
      second.release();
      (await late.promise).release();
    });

    it('ends at once when the call is cancelled, and takes the caller out of the queue', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const first = await pool.take();
      const controller = new AbortController();
      const leaving = runCall({ signal: controller.signal }, () => pool.take());
      const staying = pool.take();
      await vi.waitFor(() => expect(pool.stats.waiting).toBe(2), soon);
      controller.abort();
      expect(await exceptionOf(leaving)).toMatchObject({ status: 'CANCELLED' });
      expect(pool.stats.waiting).toBe(1);
      first.release();
      (await staying).release();
      expect(pool.stats).toMatchObject({ waiting: 0, lent: 0, idle: 1 });
    });

    it('ends at the deadline of the call, when that is earlier than its own', async () => {
      const pool = world.pool({ maxConnections: 1, acquireTimeoutMs: 5_000 });
      const first = await pool.take();
      const ms = await msOf(async () => {
        const late = runCall({ timeoutMs: 80 }, () => pool.take());
        expect(await exceptionOf(late)).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
      });
      expect(ms).toBeLessThan(1_000);
      expect(pool.stats.waiting).toBe(0);
      first.release();
    });

    it('ends at its own deadline with a delay after which to try again', async () => {
      const pool = world.pool({ maxConnections: 1, acquireTimeoutMs: 80 });
      const first = await pool.take();
      expect(await exceptionOf(pool.take())).toMatchObject({
        status: 'UNAVAILABLE',
        reason: 'ACQUIRE_TIMEOUT',
        outcome: 'none',
        retryAfterMs: expect.any(Number),
      });
      expect(pool.stats.waiting).toBe(0);
      first.release();
    });

    it('is for so many callers; the next one is refused at once', async () => {
      const pool = world.pool({ maxConnections: 1, queueLimit: 2 });
      const first = await pool.take();
      const waiting = [pool.take(), pool.take()];
      expect(await exceptionOf(pool.take())).toMatchObject({
        status: 'RESOURCE_EXHAUSTED',
        reason: 'QUEUE_FULL',
        outcome: 'none',
      });
      first.release();
      for (const one of waiting) (await one).release();
    });

    it('may be for nobody', async () => {
      const pool = world.pool({ maxConnections: 1, waitForConnections: false });
      const first = await pool.take();
      expect(await exceptionOf(pool.take())).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
      first.release();
      expect(await useOnce(pool)).toBe(first.id);
    });

    it('gives the late connection of a caller that left to the next one', async () => {
      const pool = world.pool({ maxConnections: 1 });
      world.delay(40);
      const controller = new AbortController();
      const leaving = runCall({ signal: controller.signal }, () => pool.take());
      await vi.waitFor(() => expect(world.accepted).toBe(1), soon);
      controller.abort();
      expect(await exceptionOf(leaving)).toMatchObject({ status: 'CANCELLED' });
      (await pool.take()).release();
      expect(world.accepted).toBe(1);
      expect(pool.stats).toMatchObject({ idle: 1, dialed: 1 });
    });

    it('keeps the late connection of a caller that left when nobody else waits', async () => {
      const pool = world.pool({ maxConnections: 1 });
      world.delay(40);
      await exceptionOf(runCall({ timeoutMs: 20 }, () => pool.take()));
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialed: 1 }), soon);
    });
  });

  describe('minIdle', () => {
    it('keeps connections ready before anybody asks, and no more', async () => {
      const pool = world.pool({ maxConnections: 5, minIdle: 3 });
      await vi.waitFor(() => expect(pool.stats.idle).toBe(3), soon);
      await delay(150);
      expect(pool.stats).toMatchObject({ idle: 3, lent: 0, dialed: 3 });
    });

    it('replaces what was lost, without a caller', async () => {
      const pool = world.pool({ maxConnections: 5, minIdle: 3 });
      await vi.waitFor(() => expect(pool.stats.idle).toBe(3), soon);
      world.end();
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 3, dialed: 6 }), soon);
    });

    it('replaces what reached its age, without a caller', async () => {
      const pool = world.pool({ maxConnections: 5, minIdle: 2, maxLifetimeMs: 300 });
      await vi.waitFor(() => expect(pool.stats.dialed).toBeGreaterThanOrEqual(6), soon);
      expect(pool.stats.idle + pool.stats.dialing).toBeLessThanOrEqual(4);
    });
  });

  describe('keepalive', () => {
    it('probes idle connections every so often', async () => {
      const pool = world.pool({ maxConnections: 2, keepaliveMs: 100 });
      await fill(pool, 2);
      await vi.waitFor(() => expect(pool.stats.probed).toBeGreaterThanOrEqual(6), soon);
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 2, dialed: 2 }), soon);
    });

    it('finds a connection that fell silent without a caller having to', async () => {
      const pool = world.pool({ maxConnections: 2, keepaliveMs: 100, probeTimeoutMs: 100 });
      const before = await fill(pool, 2);
      world.silence();
      await vi.waitFor(() => expect(pool.stats.probed).toBeGreaterThanOrEqual(2), soon);
      await vi.waitFor(() => expect(pool.stats.lent).toBe(0), soon);
      const probed = pool.stats.probed;
      expect(before).not.toContain(await useOnce(pool));
      expect(pool.stats.probed - probed).toBeLessThanOrEqual(1);
    });

    it('keeps connections that the server would end for idling', async () => {
      await world.setIdleLimit(1);
      const pool = world.pool({ maxConnections: 1, keepaliveMs: 200 });
      const [first] = await fill(pool, 1);
      await delay(1_500);
      expect(await useOnce(pool)).toBe(first);
      expect(pool.stats.dialed).toBe(1);
    });
  });

  describe('lifetime', () => {
    it('ends at a certain age while the connection idles', async () => {
      const pool = world.pool({ maxConnections: 2, maxLifetimeMs: 300 });
      const before = await fill(pool, 2);
      await vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon);
      expect(before).not.toContain(await useOnce(pool));
    });

    it('ends at the return of a connection that is lent at that age', async () => {
      const pool = world.pool({ maxConnections: 1, maxLifetimeMs: 100 });
      const first = await pool.take();
      await delay(150);
      await first.use();
      first.release();
      expect(pool.stats.idle).toBe(0);
      expect(await useOnce(pool)).not.toBe(first.id);
    });

    it('is spread, so that connections that were born together do not die together', async () => {
      const pool = world.pool({ maxConnections: 16, maxLifetimeMs: 4_000 });
      const held = await Promise.all(Array.from({ length: 16 }, () => pool.take()));
      for (const connection of held) connection.release();
      const left = new Set<number>();
      await vi.waitFor(
        () => {
          left.add(pool.stats.idle);
          expect(pool.stats.idle).toBe(0);
        },
        { timeout: 6_000, interval: 5 },
      );
      // All of them, none of them, and at least one number between.
      expect(left.size).toBeGreaterThan(2);
    });
  });

  describe('idling', () => {
    it('ends before the server would end it', async () => {
      await world.setIdleLimit(1);
      const pool = world.pool({ maxConnections: 2, idleTimeoutMs: LONG_MS });
      const ms = await msOf(async () => {
        await fill(pool, 2);
        await vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon);
      });
      expect(ms).toBeGreaterThan(850);
      expect(ms).toBeLessThan(1_000 + 500);
    });

    it('ends after so long', async () => {
      const pool = world.pool({ maxConnections: 3, idleTimeoutMs: 200 });
      await fill(pool, 3);
      const ms = await msOf(() => vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon));
      expect(ms).toBeGreaterThan(150);
      expect(ms).toBeLessThan(1_000);
    });

    it('is for so many; what comes back beyond is closed', async () => {
      const pool = world.pool({ maxConnections: 4, maxIdle: 2 });
      await fill(pool, 4);
      expect(pool.stats).toMatchObject({ idle: 2, lent: 0 });
    });
  });

  describe('drain', () => {
    it('waits for what is lent, takes nobody new, and closes what idles at once', async () => {
      const pool = world.pool({ maxConnections: 3 });
      const held = await pool.take();
      const other = await pool.take();
      other.release();
      const drained = watched(pool.drain(5_000));
      expect(pool.stats).toMatchObject({ idle: 0, lent: 1 });
      expect(await exceptionOf(pool.take())).toMatchObject({ status: 'UNAVAILABLE', reason: 'CLOSED' });
      await held.use();
      await delay(20);
      expect(drained.settled).toBe(false);
      held.release();
      await drained.promise;
      expect(pool.stats).toMatchObject({ idle: 0, lent: 0, dialing: 0 });
    });

    it('is bounded: what is not back by then is destroyed', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const held = await pool.take();
      const ms = await msOf(() => pool.drain(100));
      expect(ms).toBeGreaterThan(90);
      expect(ms).toBeLessThan(1_000);
      await rejection(held.use());
      held.release();
      expect(pool.stats).toMatchObject({ idle: 0, lent: 0 });
    });

    it('sends those away who wait', async () => {
      const pool = world.pool({ maxConnections: 1 });
      const held = await pool.take();
      const waiting = exceptionOf(pool.take());
      const drained = pool.drain(1_000);
      expect(await waiting).toMatchObject({ status: 'UNAVAILABLE', reason: 'CLOSED' });
      held.release();
      await drained;
    });

    it('keeps no connection that was being dialed', async () => {
      const pool = world.pool({ maxConnections: 1 });
      world.delay(30);
      const waiting = exceptionOf(pool.take());
      await vi.waitFor(() => expect(world.accepted).toBe(1), soon);
      await pool.drain(1_000);
      await waiting;
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 0, lent: 0, dialing: 0 }), soon);
    });
  });

  describe('an outage', () => {
    it('is waited out', async () => {
      const pool = world.pool({ maxConnections: 4 });
      world.refuse();
      const callers = Array.from({ length: 8 }, () => useOnce(pool));
      await delay(200);
      await world.accept();
      await Promise.all(callers);
    });

    it('has one dial at a time, with pauses between them', async () => {
      const pool = world.pool({ maxConnections: 8, dialTimeoutMs: 100, acquireTimeoutMs: 1_500 });
      world.mute();
      const callers = Array.from({ length: 8 }, () => exceptionOf(pool.take()));
      await vi.waitFor(() => expect(pool.stats.dialing).toBe(8), soon);
      await vi.waitFor(() => expect(pool.stats.dialing).toBeLessThan(2), soon);
      const before = world.accepted;
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, pool.stats.dialing);
      }, 2);
      await delay(800);
      clearInterval(watch);
      expect(most).toBe(1);
      expect(world.accepted - before).toBeGreaterThan(1);
      expect(world.accepted - before).toBeLessThanOrEqual(9);
      for (const caller of callers) expect(await caller).toMatchObject({ status: 'UNAVAILABLE' });
      expect(pool.health).toBe('down');
    });

    it('fails callers at once when it lasts longer than they are made to wait, and ends by itself', async () => {
      const pool = world.pool({ maxConnections: 4, outageBufferMs: 200 });
      world.refuse();
      const first = await exceptionOf(pool.take());
      expect(first).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none' });
      expect(first.retryAfterMs).toBeGreaterThan(0);
      const ms = await msOf(() => exceptionOf(pool.take()));
      expect(ms).toBeLessThan(100);
      expect(pool.health).toBe('down');
      await world.accept();
      await vi.waitFor(() => expect(pool.health).toBe('up'), soon);
      await useOnce(pool);
    });
  });

  describe('a slow probe', () => {
    const unproven = async (pool: PoolUnderTest, count: number): Promise<number[]> => {
      const ids = await fill(pool, count);
      await delay(60);
      return ids;
    };

    it('races a dial, so that a connection that fell silent costs no timeout', async () => {
      const pool = world.pool({ maxConnections: 1, aliveBypassMs: 50, probeTimeoutMs: 5_000 });
      const [before] = await unproven(pool, 1);
      world.silence();
      const ms = await msOf(async () => expect(await useOnce(pool)).not.toBe(before));
      expect(ms).toBeLessThan(1_000);
      expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialed: 2, probed: 1 });
    });

    it('wins when it is ready first, and the connection stays', async () => {
      const pool = world.pool({ maxConnections: 1, aliveBypassMs: 50, hedgeAfterMs: 5 });
      const [before] = await unproven(pool, 1);
      world.delay(20);
      // A dial takes several round trips through the delay, or starts later than the probe.
      expect(await useOnce(pool)).toBe(before);
      world.delay(0);
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialing: 0 }), soon);
      expect(await useOnce(pool)).toBe(before);
    });

    it('is not mistaken for a slow process', async () => {
      const pool = world.pool({ maxConnections: 4, aliveBypassMs: 50, probeTimeoutMs: 60 });
      await unproven(pool, 4);
      const taken = Promise.all([1, 2, 3, 4].map(() => useOnce(pool)));
      // The probes are on their way; their replies, and both timers, wait for this.
      await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
      blockEventLoop(120);
      await taken;
      expect(pool.stats).toMatchObject({ idle: 4, dialed: 4, probed: 4 });
    });

    it('side by side with others, is nobody else’s answer', async () => {
      const pool = world.pool({ maxConnections: 8, aliveBypassMs: 50, hedgeAfterMs: LONG_MS });
      const before = await unproven(pool, 8);
      const held = await Promise.all(before.map(() => pool.take()));
      expect(held.map(({ id }) => id).sort()).toEqual([...before].sort());
      for (const connection of held) connection.release();
      expect(pool.stats).toMatchObject({ dialed: 8, probed: 8 });
    });
  });

  describe('suspicion', () => {
    /** Four connections, of which one is lost while it is lent; `meanwhile` happens before that is known. */
    const loseOne = async (pool: PoolUnderTest, meanwhile = (): void => undefined): Promise<number[]> => {
      const before = await fill(pool, 4);
      const lost = await pool.take();
      world.end([lost.id]);
      meanwhile();
      await delay(20);
      lost.release();
      return before.filter((id) => id !== lost.id);
    };

    it('of connections that fell silent is confirmed before anybody gets one', async () => {
      const pool = world.pool({ maxConnections: 4, aliveBypassMs: LONG_MS, probeTimeoutMs: 5_000 });
      const others = await loseOne(pool, () => world.silence());
      const ms = await msOf(async () => {
        for (const id of await Promise.all([1, 2, 3].map(() => useOnce(pool))))
          expect(others).not.toContain(id);
      });
      expect(ms).toBeLessThan(1_000);
    });

    it('of connections that live costs their callers nothing: they are proven meanwhile, and stay', async () => {
      const pool = world.pool({ maxConnections: 4, aliveBypassMs: LONG_MS, hedgeAfterMs: LONG_MS });
      const others = await loseOne(pool);
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 3, lent: 0, probed: 3 }), soon);
      const held = await Promise.all([1, 2, 3].map(() => pool.take()));
      expect(held.map(({ id }) => id).sort()).toEqual([...others].sort());
      expect(pool.stats).toMatchObject({ probed: 3, dialed: 4 });
      for (const connection of held) connection.release();
    });
  });

  describe('the event loop', () => {
    it('may have been stalled: what ended meanwhile is not lent', async () => {
      const pool = world.pool({ maxConnections: 4, aliveBypassMs: LONG_MS });
      const before = await fill(pool, 4);
      world.end();
      blockEventLoop(50);
      const ids = await Promise.all([1, 2, 3, 4].map(() => useOnce(pool)));
      for (const id of ids) expect(before).not.toContain(id);
    });
  });
}
