/** A caller that waits for a connection. Settled once, by whichever comes first. */
export interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Callers that wait, first come first served; those who hold a slot already and lost its connection go first. */
export class Waiters<T> {
  readonly #urgent = new Set<Waiter<T>>();
  readonly #ordinary = new Set<Waiter<T>>();

  get size(): number {
    return this.#urgent.size + this.#ordinary.size;
  }

  add(waiter: Waiter<T>, urgent: boolean): void {
    (urgent ? this.#urgent : this.#ordinary).add(waiter);
  }

  /** Removes a waiter that gave up. */
  delete(waiter: Waiter<T>): void {
    if (!this.#urgent.delete(waiter)) this.#ordinary.delete(waiter);
  }

  /** Removes and returns the one whose turn it is. */
  shift(): Waiter<T> | undefined {
    const queue = this.#urgent.size > 0 ? this.#urgent : this.#ordinary;
    for (const waiter of queue) {
      queue.delete(waiter);
      return waiter;
    }
    return undefined;
  }

  /** Removes all, and rejects them. */
  rejectAll(error: () => unknown): void {
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) waiter.reject(error());
  }
}
