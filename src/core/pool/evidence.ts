import { now } from '../process/clock.js';
import type { Entry } from './entry.js';
import { type Freshness, freshness } from './freshness.js';

/** A probe may take so many times the usual round trip before it counts as slow. */
const SLOW_FACTOR = 4;
/** The share of the newest measurement in the smoothed round trip. */
const SMOOTHING = 0.2;

/** What the pool has seen of its connections: what is proven, what is suspect, how long a round trip takes. */
export class Evidence {
  readonly #aliveBypassMs: number;
  readonly #hedgeAfterMs: number;
  #suspectBefore = Number.NEGATIVE_INFINITY;
  #loopSeenAt = Number.NEGATIVE_INFINITY;
  #roundTripMs = 0;

  constructor({ aliveBypassMs, hedgeAfterMs }: { aliveBypassMs: number; hedgeAfterMs: number }) {
    this.#aliveBypassMs = aliveBypassMs;
    this.#hedgeAfterMs = hedgeAfterMs;
  }

  /** What a connection needs before it may be lent. */
  freshness(entry: Entry<object>): Freshness {
    return freshness(entry, {
      now: now(),
      aliveBypassMs: this.#aliveBypassMs,
      suspectBefore: this.#suspectBefore,
      loopSeenAt: this.#loopSeenAt,
    });
  }

  /** A reply was read from this connection just now. */
  prove(entry: Entry<object>): void {
    const at = now();
    entry.provenAt = at;
    this.#loopSeenAt = at;
  }

  /** The event loop polled its sockets just now. */
  seeLoop(): void {
    this.#loopSeenAt = now();
  }

  /**
   * What kills one connection often kills others: each that was not proven since is proven before its next use.
   *
   * @param since when the one is known to have been dead, on the monotonic clock in milliseconds.
   */
  suspectAll(since: number): void {
    this.#suspectBefore = Math.max(this.#suspectBefore, since);
  }

  isSuspect(entry: Entry<object>): boolean {
    return entry.provenAt < this.#suspectBefore;
  }

  /** Notes how long a probe took, in milliseconds. */
  measured(probeMs: number): void {
    this.#roundTripMs =
      this.#roundTripMs === 0 ? probeMs : this.#roundTripMs * (1 - SMOOTHING) + probeMs * SMOOTHING;
  }

  /** When a probe is slow enough to race a dial: never earlier than a far server usually answers. */
  get hedgeAfterMs(): number {
    return Math.max(this.#hedgeAfterMs, this.#roundTripMs * SLOW_FACTOR);
  }
}
