import { types } from 'node:util';
import { isThenable } from './thenable.js';

/**
 * Runs work, synchronous or not, and tells how it ended. It makes no promise of its own unless it must: while
 * an AsyncLocalStorage is in use, each one is a cost of every call.
 *
 * @param done must not throw.
 * @param failed must not throw.
 */
export function settle<T>(
  work: () => T | PromiseLike<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  let value: T;
  try {
    const running: T | PromiseLike<T> = work();
    // Other thenables may call back at once, or twice, or throw: a query object of a driver does.
    if (types.isPromise(running)) return void (running as PromiseLike<T>).then(done, failed);
    if (isThenable(running)) return void Promise.resolve(running).then(done, failed);
    value = running;
  } catch (error) {
    return failed(error);
  }
  done(value);
}
