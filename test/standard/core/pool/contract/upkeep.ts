import { describe, expect, it, vi } from 'vitest';
import { delay } from '../../../../support/workload.js';
import type { PoolWorld } from '../support/pool-world.js';
import { fill, LONG_MS, msOf, soon, useOnce } from './use.js';

/** What happens to idle connections without a caller. */
export function upkeepContract(world: () => PoolWorld): void {
  describe('minIdle', () => {
    it('keeps connections ready before anybody asks, and no more', async () => {
      const pool = world().pool({ maxConnections: 5, minIdle: 3 });
      await vi.waitFor(() => expect(pool.stats.idle).toBe(3), soon);
      await delay(150);
      expect(pool.stats).toMatchObject({ idle: 3, lent: 0, dialed: 3 });
    });

    it('replaces what was lost, without a caller', async () => {
      const pool = world().pool({ maxConnections: 5, minIdle: 3 });
      await vi.waitFor(() => expect(pool.stats.idle).toBe(3), soon);
      world().end();
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 3, dialed: 6 }), soon);
    });

    it('replaces what reached its age, without a caller', async () => {
      const pool = world().pool({ maxConnections: 5, minIdle: 2, maxLifetimeMs: 300 });
      await vi.waitFor(() => expect(pool.stats.dialed).toBeGreaterThanOrEqual(6), soon);
      expect(pool.stats.idle + pool.stats.dialing).toBeLessThanOrEqual(4);
    });
  });

  describe('keepalive', () => {
    it('probes idle connections every so often', async () => {
      const pool = world().pool({ maxConnections: 2, keepaliveMs: 100 });
      await fill(pool, 2);
      await vi.waitFor(() => expect(pool.stats.probed).toBeGreaterThanOrEqual(6), soon);
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 2, dialed: 2 }), soon);
    });

    it('finds a connection that fell silent without a caller having to', async () => {
      const pool = world().pool({ maxConnections: 2, keepaliveMs: 100, probeTimeoutMs: 100 });
      const before = await fill(pool, 2);
      world().silence();
      await vi.waitFor(() => expect(pool.stats.probed).toBeGreaterThanOrEqual(2), soon);
      await vi.waitFor(() => expect(pool.stats.lent).toBe(0), soon);
      const probed = pool.stats.probed;
      expect(before).not.toContain(await useOnce(pool));
      expect(pool.stats.probed - probed).toBeLessThanOrEqual(1);
    });

    it('keeps connections that the server would end for idling', async () => {
      await world().setIdleLimit(1);
      const pool = world().pool({ maxConnections: 1, keepaliveMs: 200 });
      const [first] = await fill(pool, 1);
      await delay(1_500);
      expect(await useOnce(pool)).toBe(first);
      expect(pool.stats.dialed).toBe(1);
    });
  });

  describe('lifetime', () => {
    it('ends at a certain age while the connection idles', async () => {
      const pool = world().pool({ maxConnections: 2, maxLifetimeMs: 300 });
      const before = await fill(pool, 2);
      await vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon);
      expect(before).not.toContain(await useOnce(pool));
    });

    it('ends at the return of a connection that is lent at that age', async () => {
      const pool = world().pool({ maxConnections: 1, maxLifetimeMs: 100 });
      const first = await pool.take();
      await delay(150);
      await first.use();
      first.release();
      expect(pool.stats.idle).toBe(0);
      expect(await useOnce(pool)).not.toBe(first.id);
    });

    it('is spread, so that connections that were born together do not die together', async () => {
      const pool = world().pool({ maxConnections: 16, maxLifetimeMs: 4_000 });
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
      await world().setIdleLimit(1);
      const pool = world().pool({ maxConnections: 2, idleTimeoutMs: LONG_MS });
      const ms = await msOf(async () => {
        await fill(pool, 2);
        await vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon);
      });
      expect(ms).toBeGreaterThan(850);
      expect(ms).toBeLessThan(1_000 + 500);
    });

    it('ends after so long', async () => {
      const pool = world().pool({ maxConnections: 3, idleTimeoutMs: 200 });
      await fill(pool, 3);
      const ms = await msOf(() => vi.waitFor(() => expect(pool.stats.idle).toBe(0), soon));
      expect(ms).toBeGreaterThan(150);
      expect(ms).toBeLessThan(1_000);
    });

    it('is for so many; what comes back beyond is closed', async () => {
      const pool = world().pool({ maxConnections: 4, maxIdle: 2 });
      await fill(pool, 4);
      expect(pool.stats).toMatchObject({ idle: 2, lent: 0 });
    });
  });
}
