import type { Failure } from '../../errors/index.js';
import { now } from '../process/clock.js';
import { retryThrottle } from './retry-throttle.js';

/** How often work runs by default, the first run included. */
export const DEFAULT_MAX_ATTEMPTS = 3;

/**
 * The one budget from which the three rings of repair (checkout, statement or transaction, call) draw, so that
 * their repeats never multiply.
 */
export class Budget {
  #repeatsLeft: number;
  #repeats = 0;

  constructor(maxAttempts: number = DEFAULT_MAX_ATTEMPTS) {
    this.#repeatsLeft = maxAttempts - 1;
  }

  /** How many repeats were taken so far. */
  get repeats(): number {
    return this.#repeats;
  }

  /**
   * Takes one repeat, if one is left, the deadline has not passed and the process is not in a retry storm.
   *
   * @param deadlineAt on the monotonic clock, in milliseconds; `Infinity` for none.
   * @param failure what the repeat is for. One for a conflict with others is no part of a storm: the server that
   *   reports it is well, some of those who conflict succeed, and each repeat comes after a pause.
   */
  take(deadlineAt: number, failure?: Pick<Failure, 'status'>): boolean {
    if (this.#repeatsLeft <= 0 || now() >= deadlineAt) return false;
    if (failure?.status !== 'ABORTED' && !retryThrottle.take()) return false;
    this.#repeatsLeft -= 1;
    this.#repeats += 1;
    return true;
  }
}
