import type { PoolUnderTest } from '../support/pool-world.js';

/** Opens so many connections, and lets them idle. */
export async function fill(pool: PoolUnderTest, count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => pool.take()));
  for (const connection of held) connection.release();
  return held.map(({ id }) => id);
}

/** Takes a connection, uses it, gives it back; answers with its id. */
export async function useOnce(pool: PoolUnderTest): Promise<number> {
  const connection = await pool.take();
  await connection.use();
  connection.release();
  return connection.id;
}

/** Whether something has happened yet. */
export function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; settled: boolean } {
  const watch = { promise, settled: false };
  const settle = (): void => {
    watch.settled = true;
  };
  promise.then(settle, settle);
  return watch;
}

/** How long something takes, in milliseconds. */
export async function msOf(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** Waits for what happens by itself. */
export const soon: { readonly timeout: number; readonly interval: number } = { timeout: 3_000, interval: 5 };
/** Longer than any test. */
export const LONG_MS: number = 60_000;
