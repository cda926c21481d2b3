import { LONGEST_TIMER_MS } from '../../longest-timer.js';
import { errors } from '../mysql-error.js';

interface Waiter {
  readonly owner: object;
  readonly grant: () => void;
}

/**
 * The one lock on all data: one session at a time reads or writes, the others wait in line. Held for a
 * statement, or for a transaction from its first statement that touches a table.
 */
export class Lock {
  #owner: object | undefined;
  readonly #waiting: Waiter[] = [];

  /**
   * Takes the lock; at once when the owner has it already.
   *
   * @throws MysqlError 1205 after `timeoutMs`; the signal's reason when it is aborted.
   */
  acquire(owner: object, timeoutMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#owner === undefined || this.#owner === owner) {
      this.#owner = owner;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        const place = this.#waiting.indexOf(waiter);
        if (place >= 0) this.#waiting.splice(place, 1);
      };
      const grant = (): void => {
        leave();
        resolve();
      };
      const fail = (error: unknown): void => {
        leave();
        reject(error);
      };
      const aborted = (): void => fail(signal.reason);
      const waiter: Waiter = { owner, grant };
      const timer = setTimeout(
        () => fail(errors.lockWaitTimeout()),
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      ).unref();
      signal.addEventListener('abort', aborted);
      this.#waiting.push(waiter);
    });
  }

  /** Gives the lock to the next in line; nothing when the owner does not have it. */
  release(owner: object): void {
    if (this.#owner !== owner) return;
    const next = this.#waiting[0];
    this.#owner = next?.owner;
    next?.grant();
  }
}
