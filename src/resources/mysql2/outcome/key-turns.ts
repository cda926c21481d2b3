import type { Call } from '../../../core/call/index.js';

/** Work under the same key takes turns in this process, so that those who wait hold no connection. */
export class KeyTurns {
  readonly #running = new Map<string, Promise<void>>();

  /** Waits for one's turn; resolves to its end. Rejects when the call is aborted. */
  async take(key: string, call: Call | undefined): Promise<() => void> {
    for (let before = this.#running.get(key); before !== undefined; before = this.#running.get(key))
      await untilOver(before, call);
    let end: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#running.set(key, running);
    return () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
      end();
    };
  }
}

function untilOver(running: Promise<void>, call: Call | undefined): Promise<void> {
  if (call === undefined) return running;
  if (call.aborted !== undefined) return Promise.reject(call.aborted);
  return new Promise((resolve, reject) => {
    const remove = call.onAbort(reject);
    void running.then(() => {
      remove();
      resolve();
    });
  });
}
