import type { Failure } from '../../errors/index.js';
import { now } from '../process/clock.js';
import { logger } from '../process/logger.js';
import { backoffMs, DIAL_BACKOFF } from '../repair/backoff.js';
import { bounded } from './bounded.js';
import type { DialContext, Driver } from './driver.js';

/**
 * `'up'`: dials run side by side. `'down'`: the last dial failed; one dial at a time, with backoff, until one
 * succeeds.
 */
export type DialerState = { readonly kind: 'up' } | Outage;

/** An outage and what is known of it. Times on the monotonic clock, in milliseconds. */
export interface Outage {
  readonly kind: 'down';
  readonly since: number;
  readonly attempts: number;
  readonly error: unknown;
  readonly failure: Failure;
  /** When the next dial may start. */
  readonly nextAt: number;
}

/** What a dialer is made with; see {@link PoolOptions}. */
export interface DialerOptions {
  readonly name: string;
  readonly dialTimeoutMs: number;
  readonly outageBufferMs: number;
}

/** What a dialer tells its pool. */
export interface DialerEvents {
  /** The backoff is over, and a dial may start. */
  readonly mayDial: () => void;
  /** The outage lasts longer than callers are made to wait. */
  readonly outlasted: () => void;
}

const UP: DialerState = { kind: 'up' };

/** Opens connections: freely while that works, one at a time with backoff while it does not. */
export class Dialer<C extends object> {
  readonly #driver: Driver<C>;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #events: DialerEvents;
  readonly #bufferMs: number;
  #state: DialerState = UP;
  #dialing = 0;
  #backoff: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(driver: Driver<C>, options: DialerOptions, events: DialerEvents) {
    this.#driver = driver;
    this.#name = options.name;
    this.#timeoutMs = options.dialTimeoutMs;
    this.#bufferMs = options.outageBufferMs;
    this.#events = events;
  }

  /** The outage, while there is one. */
  get outage(): Outage | undefined {
    return this.#state.kind === 'down' ? this.#state : undefined;
  }

  /** Whether there is an outage that lasts longer than callers are made to wait. */
  get outlasted(): boolean {
    return this.#state.kind === 'down' && now() - this.#state.since >= this.#bufferMs;
  }

  /** Whether a dial may start now. */
  get mayDial(): boolean {
    if (this.#closed) return false;
    return this.#state.kind === 'up' || (this.#dialing === 0 && now() >= this.#state.nextAt);
  }

  /** Opens a connection; rejects with the driver's error. */
  async dial(lost: DialContext['lost']): Promise<C> {
    const startedAt = now();
    this.#dialing += 1;
    try {
      const connection = await bounded(
        this.#timeoutMs,
        (signal) => this.#driver.dial({ signal, lost }),
        (late) => this.#driver.drop(late),
      );
      this.#succeeded();
      return connection;
    } catch (error) {
      this.#failed(error, startedAt);
      throw error;
    } finally {
      this.#dialing -= 1;
    }
  }

  /** Ends the backoff. */
  close(): void {
    this.#closed = true;
    this.#clearTimers();
  }

  #succeeded(): void {
    if (this.#state.kind === 'up') return;
    const { since, attempts } = this.#state;
    logger().info({ resource: this.#name, attempts, outageMs: Math.round(now() - since) }, 'connected again');
    this.#clearTimers();
    this.#state = UP;
  }

  #clearTimers(): void {
    clearTimeout(this.#backoff);
    clearTimeout(this.#patience);
  }

  #failed(error: unknown, startedAt: number): void {
    const at = now();
    const before = this.#state.kind === 'down' ? this.#state : { since: at, attempts: 0 };
    const failure = this.#driver.classifyDial(error);
    // Dials that were under way together when the outage began are one attempt.
    const attempts = startedAt < before.since && before.attempts > 0 ? before.attempts : before.attempts + 1;
    const nextAt = at + pauseMs(failure, attempts, at - before.since);
    if (this.#state.kind === 'up') {
      this.#report(error, failure);
      this.#patience = setTimeout(this.#events.outlasted, this.#bufferMs + 1).unref();
    }
    this.#state = { kind: 'down', since: before.since, attempts, error, failure, nextAt };
    clearTimeout(this.#backoff);
    // A refusal does not mend itself: the next caller asks again, nobody else does.
    if (!this.#closed && failure.transient) this.#tellAt(nextAt);
  }

  /** Tells when the next dial may start; one that is still under way plans the next one when it fails. */
  #tellAt(nextAt: number): void {
    const due = (): void => {
      if (this.#dialing > 0) return;
      // A timer may fire a little before its time.
      if (now() < nextAt) this.#tellAt(nextAt);
      else this.#events.mayDial();
    };
    this.#backoff = setTimeout(due, nextAt - now() + 1).unref();
  }

  #report(error: unknown, { reason, transient }: Failure): void {
    const { code, errno } = error as { code?: unknown; errno?: unknown };
    const fields = { resource: this.#name, reason, code, errno };
    if (transient) logger().warn(fields, 'cannot connect; trying again');
    else logger().error(fields, 'cannot connect: the server refuses what this resource is configured with');
  }
}

/**
 * The pause before the next dial. A server that is not there is looked for often enough that its return is
 * noticed within a small part of the time that it was away; one that says it is full is left in peace.
 */
function pauseMs({ status }: Failure, attempts: number, outageMs: number): number {
  if (status !== 'UNAVAILABLE') return backoffMs(DIAL_BACKOFF, attempts);
  const { minMs, maxMs } = DIAL_BACKOFF;
  const patience = Math.max(SOON_MS, outageMs / OUTAGE_PARTS);
  return backoffMs({ minMs, maxMs: Math.min(maxMs, patience) }, attempts);
}

const SOON_MS = 32;
const OUTAGE_PARTS = 64;
