/** A way to do the same work: does it again and again for so many milliseconds; resolves to how often. */
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
      const first = await timed(bare, roundMs);
      pairs.push({ bare: first, fresh: await timed(fresh, roundMs) });
    } else {
      const first = await timed(fresh, roundMs);
      pairs.push({ bare: await timed(bare, roundMs), fresh: first });
    }
  }
  return {
    bareUs: median(pairs.map((pair) => pair.bare)),
    freshUs: median(pairs.map((pair) => pair.fresh)),
    ratio: median(pairs.map((pair) => pair.fresh / pair.bare)),
  };
}

/** Microseconds a call. */
async function timed(run: Contestant, roundMs: number): Promise<number> {
  const startedAt = performance.now();
  const calls = await run(roundMs);
  return ((performance.now() - startedAt) * 1000) / calls;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = Number.NaN, lower = Number.NaN] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}
