import type { PoolOptions, PoolStats } from '../../../../../src/core/pool/index.js';
import type { Health } from '../../../../../src/core/registry/resource.js';

/** A connection that a pool lent. */
export interface Lent {
  /** The server's name for it. */
  readonly id: number;
  /** A round trip. */
  use(): Promise<unknown>;
  /** Alters the session, so that it has to be reset. */
  alter(): Promise<unknown>;
  /** Starts a round trip and does not wait for it; never rejects. */
  keepBusy(): void;
  release(): void;
}

/** A pool, as all implementations of the contract show it. */
export interface PoolUnderTest {
  readonly stats: PoolStats;
  readonly health: Health;
  /** A connection, for the current call if there is one. */
  take(): Promise<Lent>;
  drain(graceMs: number): Promise<void>;
}

/** A server, pools that connect to it, and what can befall their connections. */
export interface PoolWorld {
  /** How many connections were ever accepted. */
  readonly accepted: number;
  /** A pool, closed after the test. */
  pool(options?: Omit<PoolOptions, 'name'>): PoolUnderTest;
  /** How long the server lets connections idle that are opened from now on; whole seconds. */
  setIdleLimit(seconds: number): Promise<void>;
  /** Ends connections: all of them, or those with these ids. */
  end(ids?: readonly number[]): void;
  /** What is sent on the connections there are is never answered. */
  silence(): void;
  /** Delays what is sent in either direction from now on, dials included. */
  delay(ms: number): void;
  /** Accepts new connections, and stays silent on them. */
  mute(): void;
  /** Takes {@link mute} back. */
  heal(): void;
  /** Refuses new connections. */
  refuse(): void;
  /** Takes {@link refuse} back. */
  accept(): Promise<void>;
  close(): Promise<void>;
}
