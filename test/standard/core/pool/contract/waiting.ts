import { runCall } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';
import { delay } from '../../../../support/workload.js';
import { exceptionOf } from '../../support/rejection.js';
import type { PoolWorld } from '../support/pool-world.js';
import { msOf, soon, useOnce, watched } from './use.js';

/** Callers that wait. */
export function waitingContract(world: () => PoolWorld): void {
  describe('waiting', () => {
    it('serves callers in the order in which they came', async () => {
      const pool = world().pool({ maxConnections: 1 });
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
      const pool = world().pool({ maxConnections: 1 });
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
      const pool = world().pool({ maxConnections: 1 });
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
      const pool = world().pool({ maxConnections: 1, acquireTimeoutMs: 5_000 });
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
      const pool = world().pool({ maxConnections: 1, acquireTimeoutMs: 80 });
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
      const pool = world().pool({ maxConnections: 1, queueLimit: 2 });
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
      const pool = world().pool({ maxConnections: 1, waitForConnections: false });
      const first = await pool.take();
      expect(await exceptionOf(pool.take())).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
      first.release();
      expect(await useOnce(pool)).toBe(first.id);
    });

    it('gives the late connection of a caller that left to the next one', async () => {
      const pool = world().pool({ maxConnections: 1 });
      world().delay(40);
      const controller = new AbortController();
      const leaving = runCall({ signal: controller.signal }, () => pool.take());
      await vi.waitFor(() => expect(world().accepted).toBe(1), soon);
      controller.abort();
      expect(await exceptionOf(leaving)).toMatchObject({ status: 'CANCELLED' });
      (await pool.take()).release();
      expect(world().accepted).toBe(1);
      expect(pool.stats).toMatchObject({ idle: 1, dialed: 1 });
    });

    it('keeps the late connection of a caller that left when nobody else waits', async () => {
      const pool = world().pool({ maxConnections: 1 });
      world().delay(40);
      await exceptionOf(runCall({ timeoutMs: 20 }, () => pool.take()));
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialed: 1 }), soon);
    });
  });
}
