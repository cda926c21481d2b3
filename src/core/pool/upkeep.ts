import { now } from '../process/clock.js';

/** How often a pool looks after its idle connections at the most and at the least, in milliseconds. */
const MIN_MS = 50;
const MAX_MS = 60_000;

/** The timer that looks after idle connections while nobody calls. It never holds the process open. */
export class Upkeep {
  readonly #run: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Makes sure that it runs by then, on the monotonic clock in milliseconds. */
  dueBy(at: number): void {
    const dueAt = now() + Math.min(Math.max(at - now(), MIN_MS), MAX_MS);
    if (this.#stopped || this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#run();
    }, dueAt - now());
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
