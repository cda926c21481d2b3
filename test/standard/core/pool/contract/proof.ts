import { describe, expect, it, vi } from 'vitest';
import { blockEventLoop, delay } from '../../../../support/workload.js';
import type { PoolUnderTest, PoolWorld } from '../support/pool-world.js';
import { fill, LONG_MS, msOf, soon, useOnce } from './use.js';

/** How connections are proven alive before they are lent. */
export function proofContract(world: () => PoolWorld): void {
  describe('a slow probe', () => {
    const unproven = async (pool: PoolUnderTest, count: number): Promise<number[]> => {
      const ids = await fill(pool, count);
      await delay(60);
      return ids;
    };

    it('races a dial, so that a connection that fell silent costs no timeout', async () => {
      const pool = world().pool({ maxConnections: 1, aliveBypassMs: 50, probeTimeoutMs: 5_000 });
      const [before] = await unproven(pool, 1);
      world().silence();
      const ms = await msOf(async () => expect(await useOnce(pool)).not.toBe(before));
      expect(ms).toBeLessThan(1_000);
      expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialed: 2, probed: 1 });
    });

    it('wins when it is ready first, and the connection stays', async () => {
      const pool = world().pool({ maxConnections: 1, aliveBypassMs: 50, hedgeAfterMs: 5 });
      const [before] = await unproven(pool, 1);
      world().delay(20);
      // A dial takes several round trips through the delay, or starts later than the probe.
      expect(await useOnce(pool)).toBe(before);
      world().delay(0);
      await vi.waitFor(() => expect(pool.stats).toMatchObject({ idle: 1, lent: 0, dialing: 0 }), soon);
      expect(await useOnce(pool)).toBe(before);
    });

    it('is not mistaken for a slow process', async () => {
      const pool = world().pool({ maxConnections: 4, aliveBypassMs: 50, probeTimeoutMs: 60 });
      await unproven(pool, 4);
      const taken = Promise.all([1, 2, 3, 4].map(() => useOnce(pool)));
      // The probes are on their way; their replies, and both timers, wait for this.
      await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
      blockEventLoop(120);
      await taken;
      expect(pool.stats).toMatchObject({ idle: 4, dialed: 4, probed: 4 });
    });

    it('side by side with others, is nobody else’s answer', async () => {
      const pool = world().pool({ maxConnections: 8, aliveBypassMs: 50, hedgeAfterMs: LONG_MS });
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
      world().end([lost.id]);
      meanwhile();
      await delay(20);
      lost.release();
      return before.filter((id) => id !== lost.id);
    };

    it('of connections that fell silent is confirmed before anybody gets one', async () => {
      const pool = world().pool({ maxConnections: 4, aliveBypassMs: LONG_MS, probeTimeoutMs: 5_000 });
      const others = await loseOne(pool, () => world().silence());
      const ms = await msOf(async () => {
        for (const id of await Promise.all([1, 2, 3].map(() => useOnce(pool))))
          expect(others).not.toContain(id);
      });
      expect(ms).toBeLessThan(1_000);
    });

    it('of connections that live costs their callers nothing: they are proven meanwhile, and stay', async () => {
      const pool = world().pool({ maxConnections: 4, aliveBypassMs: LONG_MS, hedgeAfterMs: LONG_MS });
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
      const pool = world().pool({ maxConnections: 4, aliveBypassMs: LONG_MS });
      const before = await fill(pool, 4);
      world().end();
      blockEventLoop(50);
      const ids = await Promise.all([1, 2, 3, 4].map(() => useOnce(pool)));
      for (const id of ids) expect(before).not.toContain(id);
    });
  });
}
