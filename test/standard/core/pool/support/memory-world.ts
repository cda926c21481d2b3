import { currentCall } from '../../../../../src/core/call/index.js';
import { Pool, type PoolOptions, resolvePoolOptions } from '../../../../../src/core/pool/index.js';
import { type MemoryConnection, MemoryDriver, MemoryServer } from './memory-server.js';
import type { Lent, PoolUnderTest, PoolWorld } from './pool-world.js';

/** The contract's world in memory. */
export class MemoryWorld implements PoolWorld {
  readonly server: MemoryServer = new MemoryServer();
  readonly #pools: Pool<MemoryConnection>[] = [];

  get accepted(): number {
    return this.server.accepted;
  }

  pool(options: Omit<PoolOptions, 'name'> = {}): PoolUnderTest {
    const { server } = this;
    const resolved = resolvePoolOptions('test', { ...options, name: 'memory' });
    const pool = new Pool(new MemoryDriver(server), resolved);
    this.#pools.push(pool);
    return {
      get stats() {
        return pool.stats;
      },
      get health() {
        return pool.health;
      },
      take: async () => lent(server, pool, await pool.take({ call: currentCall() })),
      drain: (graceMs) => pool.drain(graceMs),
    };
  }

  async setIdleLimit(seconds: number): Promise<void> {
    this.server.idleLimitMs = seconds * 1000;
  }

  end(ids?: readonly number[]): void {
    for (const connection of [...this.server.connections]) {
      if (ids === undefined || ids.includes(connection.id)) this.server.end(connection);
    }
  }

  silence(): void {
    for (const connection of this.server.connections) connection.silent = true;
  }

  delay(ms: number): void {
    this.server.delayMs = 2 * ms;
  }

  mute(): void {
    this.server.arrivals = 'muted';
  }

  heal(): void {
    this.server.arrivals = 'accepted';
  }

  refuse(): void {
    this.server.arrivals = 'refused';
  }

  async accept(): Promise<void> {
    this.server.arrivals = 'accepted';
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.drain(0)));
  }
}

type MemoryEntry = Awaited<ReturnType<Pool<MemoryConnection>['take']>>;

function lent(server: MemoryServer, pool: Pool<MemoryConnection>, entry: MemoryEntry): Lent {
  const { connection } = entry;
  return {
    id: connection.id,
    use: () => server.roundTrip(connection),
    alter: async () => {
      await server.roundTrip(connection);
      connection.altered = true;
    },
    keepBusy: () => {
      server.roundTrip(connection).catch(() => undefined);
    },
    release: () => pool.give(entry),
  };
}
