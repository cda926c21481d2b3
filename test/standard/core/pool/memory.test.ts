import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { collectLog } from '../support/collect-log.js';
import { stopClock } from '../support/fake-clock.js';
import { poolContract } from './contract/pool-contract.js';
import { MemoryWorld } from './support/memory-world.js';

describe('a pool of connections in memory', () => {
  collectLog();
  poolContract(() => new MemoryWorld());

  it('replaces connections of half an hour one after the other, within the last 45 s of it', async () => {
    stopClock();
    const world = new MemoryWorld();
    onTestFinished(() => world.close());
    const pool = world.pool({ maxConnections: 16, idleTimeoutMs: Number.POSITIVE_INFINITY });
    const taken = Promise.all(Array.from({ length: 16 }, () => pool.take()));
    await vi.advanceTimersByTimeAsync(10);
    for (const connection of await taken) connection.release();
    await vi.advanceTimersByTimeAsync(1_754_000);
    expect(pool.stats.idle).toBe(16);
    const left = new Set<number>();
    for (let i = 0; i < 47; i += 1) {
      left.add(pool.stats.idle);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(pool.stats.idle).toBe(0);
    expect(left.size).toBeGreaterThan(3);
  });
});
