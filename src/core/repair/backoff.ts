/** Exponential growth between two delays, spread at random so that processes do not move in step. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Between two dials of a server that is away. */
export const DIAL_BACKOFF: Backoff = { minMs: 8, maxMs: 512 };

/** Between two runs of work that lost a conflict with others (deadlock, serialization failure). */
export const CONFLICT_BACKOFF: Backoff = { minMs: 2, maxMs: 64 };

/**
 * The delay before a repeat, in milliseconds: between half of and the full exponential step.
 *
 * @param attempt how many attempts have failed, from 1.
 * @param random a number in [0, 1).
 */
export function backoffMs(
  { minMs, maxMs }: Backoff,
  attempt: number,
  random: number = Math.random(),
): number {
  const step = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30));
  return step * (0.5 + random / 2);
}
