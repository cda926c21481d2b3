/** A way to do the same work: does it again and again for so many milliseconds; resolves to µs a call. */
export type Contestant = (ms: number) => Promise<number>;

export interface RoundsOptions {
  /** How often each contestant runs. */
  readonly rounds: number;
  /** How long each runs in a round, in milliseconds. */
  readonly roundMs: number;
  /** How long each runs before the first round, in milliseconds; it does not count. */
  readonly warmUpMs: number;
}

/** Medians over the rounds. */
export interface Comparison {
  /** Microseconds a call. */
  readonly bareUs: number;
  /** Microseconds a call. */
  readonly freshUs: number;
  /** Fresh over bare: the median of the ratios of neighbouring rounds, which drift together. */
  readonly ratio: number;
}

/** Runs two contestants in turns, in one run, so that what disturbs the machine disturbs both. */
export async function alternate(
  { rounds, roundMs, warmUpMs }: RoundsOptions,
  contestants: { readonly bare: Contestant; readonly fresh: Contestant },
): Promise<Comparison> {
  const { bare, fresh } = contestants;
  await bare(warmUpMs);
  await fresh(warmUpMs);
  const pairs: { readonly bare: number; readonly fresh: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first changes as well.
    if (round % 2 === 0) {
      const first = await bare(roundMs);
      pairs.push({ bare: first, fresh: await fresh(roundMs) });
    } else {
      const first = await fresh(roundMs);
      pairs.push({ bare: await bare(roundMs), fresh: first });
    }
  }
  return {
    bareUs: median(pairs.map((pair) => pair.bare)),
    freshUs: median(pairs.map((pair) => pair.fresh)),
    ratio: median(pairs.map((pair) => pair.fresh / pair.bare)),
  };
}

/** A contestant that is judged by how many calls it gets done with so many at once. */
export function throughput(call: () => Promise<unknown>, concurrency: number): Contestant {
  return async (ms) => {
    const startedAt = performance.now();
    const until = startedAt + ms;
    let calls = 0;
    const caller = async (): Promise<void> => {
      while (performance.now() < until) {
        await call();
        calls += 1;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, caller));
    return ((performance.now() - startedAt) * 1000) / calls;
  };
}

/** The middle one; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = Number.NaN, lower = Number.NaN] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}
