import { now } from '../process/clock.js';
import type { Entry } from './entry.js';
import { isObsolete, obsoleteAt } from './freshness.js';

/** The connections that idle, most recently used last. */
export class IdleEntries<C extends object> {
  readonly #entries: Entry<C>[] = [];
  /** Nothing here becomes obsolete before this, on the monotonic clock in milliseconds. */
  #nextObsoleteAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#entries.length;
  }

  /** When something here becomes obsolete at the earliest. */
  get nextObsoleteAt(): number {
    return this.#nextObsoleteAt;
  }

  /** The one used last. */
  get newest(): Entry<C> | undefined {
    return this.#entries.at(-1);
  }

  push(entry: Entry<C>): void {
    this.#entries.push(entry);
    this.#nextObsoleteAt = Math.min(this.#nextObsoleteAt, obsoleteAt(entry));
  }

  pop(): Entry<C> | undefined {
    return this.#entries.pop();
  }

  delete(entry: Entry<C>): void {
    const index = this.#entries.lastIndexOf(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }

  /** Removes and returns those that meet a condition. */
  take(condition: (entry: Entry<C>) => boolean): Entry<C>[] {
    const taken = this.#entries.filter(condition);
    for (const entry of taken) this.delete(entry);
    return taken;
  }

  /** Removes and returns what is obsolete; constant time before anything can be. */
  takeObsolete(isOpen: (connection: C) => boolean): readonly Entry<C>[] {
    const at = now();
    if (at < this.#nextObsoleteAt) return NONE;
    const obsolete = this.take((entry) => isObsolete(entry, at) || !isOpen(entry.connection));
    this.#nextObsoleteAt = Math.min(...this.#entries.map(obsoleteAt), Number.POSITIVE_INFINITY);
    return obsolete;
  }

  /** Says that what is here may have become obsolete before its time. */
  reconsider(): void {
    this.#nextObsoleteAt = Number.NEGATIVE_INFINITY;
  }
}

const NONE: readonly never[] = [];
