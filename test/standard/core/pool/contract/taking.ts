import { describe, expect, it } from 'vitest';
import { delay } from '../../../../support/workload.js';
import type { PoolWorld } from '../support/pool-world.js';
import { useOnce } from './use.js';

/** Taking and giving back. */
export function takingContract(world: () => PoolWorld): void {
  describe('taking and giving back', () => {
    it('lends the connection that was used last', async () => {
      const pool = world().pool({ maxConnections: 3 });
      const [a, b, c] = await Promise.all([pool.take(), pool.take(), pool.take()]);
      for (const connection of [b, c, a]) connection.release();
      expect((await pool.take()).id).toBe(a.id);
      expect((await pool.take()).id).toBe(c.id);
      expect((await pool.take()).id).toBe(b.id);
    });

    it('makes no more connections than it may', async () => {
      const pool = world().pool({ maxConnections: 3 });
      await Promise.all(Array.from({ length: 20 }, () => useOnce(pool)));
      expect(pool.stats).toMatchObject({ idle: 3, lent: 0, dialed: 3 });
      expect(world().accepted).toBe(3);
    });

    it('asks nothing of a connection that was used a moment ago', async () => {
      const pool = world().pool({ maxConnections: 1 });
      for (let i = 0; i < 20; i += 1) await useOnce(pool);
      expect(pool.stats).toMatchObject({ dialed: 1, probed: 0 });
    });

    it('resets what comes back altered, and lends the same connection', async () => {
      const pool = world().pool({ maxConnections: 1 });
      const first = await pool.take();
      await first.alter();
      first.release();
      expect(await useOnce(pool)).toBe(first.id);
    });

    it('gives up a reset that takes too long', async () => {
      const pool = world().pool({ maxConnections: 1, resetTimeoutMs: 100 });
      const first = await pool.take();
      await first.alter();
      world().silence();
      first.release();
      expect(await useOnce(pool)).not.toBe(first.id);
    });

    it('destroys what comes back busy', async () => {
      const pool = world().pool({ maxConnections: 1 });
      const first = await pool.take();
      first.keepBusy();
      first.release();
      expect(await useOnce(pool)).not.toBe(first.id);
      expect(pool.stats).toMatchObject({ idle: 1, dialed: 2 });
    });

    it('replaces what comes back dead', async () => {
      const pool = world().pool({ maxConnections: 1 });
      const first = await pool.take();
      world().end();
      await delay(20);
      first.release();
      expect(pool.stats).toMatchObject({ idle: 0, lent: 0 });
      expect(await useOnce(pool)).not.toBe(first.id);
    });
  });
}
