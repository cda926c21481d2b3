/** The monotonic clock, in milliseconds: a wall clock that is set back or forward has no effect. */
export function now(): number {
  return performance.now();
}

/** The longest delay a Node timer takes; a longer one would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
