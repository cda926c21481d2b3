import { describe, expect, it, vi } from 'vitest';
import { delay } from '../../../../support/workload.js';
import { exceptionOf } from '../../support/rejection.js';
import type { PoolWorld } from '../support/pool-world.js';
import { msOf, soon, useOnce } from './use.js';

/** A server that is away. */
export function outageContract(world: () => PoolWorld): void {
  describe('an outage', () => {
    it('is waited out', async () => {
      const pool = world().pool({ maxConnections: 4 });
      world().refuse();
      const callers = Array.from({ length: 8 }, () => useOnce(pool));
      await delay(200);
      await world().accept();
      await Promise.all(callers);
    });

    it('has one dial at a time, with pauses between them', async () => {
      const pool = world().pool({ maxConnections: 8, dialTimeoutMs: 100, acquireTimeoutMs: 1_500 });
      world().mute();
      const callers = Array.from({ length: 8 }, () => exceptionOf(pool.take()));
      await vi.waitFor(() => expect(pool.stats.dialing).toBe(8), soon);
      await vi.waitFor(() => expect(pool.stats.dialing).toBeLessThan(2), soon);
      const before = world().accepted;
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, pool.stats.dialing);
      }, 2);
      await delay(800);
      clearInterval(watch);
      expect(most).toBe(1);
      expect(world().accepted - before).toBeGreaterThan(1);
      expect(world().accepted - before).toBeLessThanOrEqual(9);
      for (const caller of callers) expect(await caller).toMatchObject({ status: 'UNAVAILABLE' });
      expect(pool.health).toBe('down');
    });

    it('fails callers at once when it lasts longer than they are made to wait, and ends by itself', async () => {
      const pool = world().pool({ maxConnections: 4, outageBufferMs: 200 });
      world().refuse();
      const first = await exceptionOf(pool.take());
      expect(first).toMatchObject({ status: 'UNAVAILABLE', outcome: 'none' });
      expect(first.retryAfterMs).toBeGreaterThan(0);
      const ms = await msOf(() => exceptionOf(pool.take()));
      expect(ms).toBeLessThan(100);
      expect(pool.health).toBe('down');
      await world().accept();
      await vi.waitFor(() => expect(pool.health).toBe('up'), soon);
      await useOnce(pool);
    });
  });
}
