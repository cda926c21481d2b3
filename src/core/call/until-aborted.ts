import { settle } from '../process/settle.js';
import type { Call } from './call.js';

/**
 * Runs work and tells how it ended: by itself, or because its call was aborted, whichever is first. The reply
 * does not wait for a handler whose deadline passed or whose caller left.
 *
 * @param done must not throw.
 * @param failed must not throw.
 */
export function untilAborted<T>(
  call: Call,
  work: () => T | PromiseLike<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (!call.canAbort) return settle(work, done, failed);
  let over = false;
  const end = (): boolean => {
    if (over) return false;
    over = true;
    stopListening();
    return true;
  };
  // Later, so that everybody else who listens has heard of the abort by then.
  const aborted = (reason: unknown): void => {
    if (end()) queueMicrotask(() => failed(reason));
  };
  const stopListening = call.onAbort(aborted);
  settle(
    work,
    (value) => {
      if (end()) done(value);
    },
    (error) => {
      if (end()) failed(error);
    },
  );
  // It may have been aborted before anybody listened.
  if (call.aborted !== undefined) aborted(call.aborted);
}
