/** How a call of a workload went. */
export interface Timing {
  readonly ms: number;
  readonly error: unknown;
}

/** Runs one thing and times it. */
export async function timed(run: () => Promise<unknown>): Promise<Timing> {
  const startedAt = performance.now();
  try {
    await run();
    return { ms: performance.now() - startedAt, error: undefined };
  } catch (error) {
    return { ms: performance.now() - startedAt, error };
  }
}

/** Runs the same thing so many times at once. */
export function atOnce(times: number, run: (index: number) => Promise<unknown>): Promise<Timing[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => timed(() => run(index))));
}

/** The errors among timings. */
export function errorsOf(timings: readonly Timing[]): unknown[] {
  return timings.filter(({ error }) => error !== undefined).map(({ error }) => error);
}

/** The value that a share of the timings does not exceed, in milliseconds. */
export function percentile(timings: readonly Timing[], share: number): number {
  const sorted = timings.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Occupies the event loop: nothing else of this process runs meanwhile. */
export function blockEventLoop(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Resolves after a delay; for what has to take time. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs workers side by side until a moment; each runs its work over and over. */
export function workers(
  count: number,
  durationMs: number,
  work: (worker: number) => Promise<unknown>,
): Promise<Timing[]> {
  const until = performance.now() + durationMs;
  return workersWhile(count, () => performance.now() < until, work);
}

/** The same as long as a condition holds. */
export async function workersWhile(
  count: number,
  condition: () => boolean,
  work: (worker: number) => Promise<unknown>,
): Promise<Timing[]> {
  const timings: Timing[] = [];
  const run = async (worker: number): Promise<void> => {
    while (condition()) timings.push(await timed(() => work(worker)));
  };
  await Promise.all(Array.from({ length: count }, (_, worker) => run(worker)));
  return timings;
}
