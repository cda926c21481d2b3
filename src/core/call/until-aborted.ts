import type { Call } from './call.js';

/** The reply does not wait for a handler whose deadline passed or whose caller left. */
export function untilAborted<T>(call: Call, running: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const remove = call.onAbort(reject);
    running.then(
      (value) => {
        remove();
        resolve(value);
      },
      (error) => {
        remove();
        reject(error);
      },
    );
    // It may have been aborted before anybody listened: by the handler's own first, synchronous part.
    if (call.aborted !== undefined) reject(call.aborted);
  });
}
