import { withFreshConnections } from 'fresh-connections';
import fresh from 'fresh-connections/mysql2/promise';
import type { Bench } from './bench.js';

const ROUNDS = 30;
const CALLS = 5_000;

class Handler {
  @withFreshConnections()
  async decorated(): Promise<void> {}

  async plain(): Promise<void> {}
}

/** What the toolkit costs without any I/O: a checkout and return, and a decorated call of an empty function. */
export const ownCost: Bench = {
  name: 'checkout and return without I/O, and the decorator around an empty async function',
  target: 'at most 5 µs and 2 µs at the median',
  async run({ uri }, report) {
    const pool = fresh.createPool({ uri, connectionLimit: 4 });
    await pool.query('SELECT 1');
    const { resource } = (pool as unknown as { pool: { resource: Resource } }).pool;
    report(`checkout and return: ${(await medianUs(() => checkout(resource))).toFixed(2)} µs`);
    await pool.end();
    const handler = new Handler();
    const plain = await medianUs(() => handler.plain());
    const decorated = await medianUs(() => handler.decorated());
    report(
      `decorated ${decorated.toFixed(2)} µs, plain ${plain.toFixed(2)} µs: ${(decorated - plain).toFixed(2)} µs a call`,
    );
  },
};

/** The pool behind the promise API: a checkout there goes to a callback, and a statement to a connection. */
interface Resource {
  readonly pool: { take(): Promise<object>; give(entry: object, proven: boolean): void };
}

async function checkout({ pool }: Resource): Promise<void> {
  pool.give(await pool.take(), true);
}

/** Microseconds, the median of rounds. */
async function medianUs(run: () => Promise<void>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS + 5; round += 1) {
    const startedAt = performance.now();
    for (let call = 0; call < CALLS; call += 1) await run();
    // The first rounds warm up.
    if (round >= 5) rounds.push(((performance.now() - startedAt) * 1000) / CALLS);
  }
  return rounds.sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN;
}
