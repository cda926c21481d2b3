import { describe, expect, it, vi } from 'vitest';
import { delay } from '../../../../support/workload.js';
import { exceptionOf, rejection } from '../../support/rejection.js';
import type { PoolWorld } from '../support/pool-world.js';
import { msOf, soon, watched } from './use.js';

/** The end of a pool. */
export function drainContract(world: () => PoolWorld): void {
  describe('drain', () => {
    it('waits for what is lent, takes nobody new, and closes what idles at once', async () => {
      const pool = world().pool({ maxConnections: 3 });
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
      const pool = world().pool({ maxConnections: 1 });
      const held = await pool.take();
      const ms = await msOf(() => pool.drain(100));
      expect(ms).toBeGreaterThan(90);
      expect(ms).toBeLessThan(1_000);
      await rejection(held.use());
      held.release();
      expect(pool.stats).toMatchObject({ idle: 0, lent: 0 });
    });

    it('sends those away who wait', async () => {
      const pool = world().pool({ maxConnections: 1 });
      const held = await pool.take();
      const waiting = exceptionOf(pool.take());
      const drained = pool.drain(1_000);
      expect(await waiting).toMatchObject({ status: 'UNAVAILABLE', reason: 'CLOSED' });
      held.release();
      await drained;
    });

    it('keeps no connection that was being dialed', async () => {
      const pool = world().pool({ maxConnections: 1 });
      world().delay(30);
      const waiting = exceptionOf(pool.take());
      await vi.waitFor(() => expect(world().accepted).toBe(1), soon);
      await pool.drain(1_000);
      await waiting;
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 0, lent: 0, dialing: 0 }), soon);
    });
  });
}
