import type { Failure } from '../../errors/index.js';

/**
 * What a connection is fit for when it comes back: `'clean'` for anything, `'dirty'` after a reset (a
 * transaction is open, or its session was altered), `'busy'` and `'closed'` for nothing.
 */
export type Condition = 'clean' | 'dirty' | 'busy' | 'closed';

/** What a driver is given for a dial. */
export interface DialContext {
  /** Fires when nobody waits for the result any more; the driver then destroys what it has opened. */
  readonly signal: AbortSignal;
  /** To be called once when the established connection is lost, whoever holds it. */
  readonly lost: () => void;
}

/** A small driver per database: all that the pool knows of connections of type `C`. */
export interface Driver<C extends object> {
  /** Opens a connection and prepares its session; rejects with the client's own error. */
  dial(context: DialContext): Promise<C>;
  /** Proves with a round trip that the connection is alive; rejects when it is not. */
  probe(connection: C, signal: AbortSignal): Promise<void>;
  /** Makes the session as new, its init statements included; rejects when that failed. */
  reset(connection: C, signal: AbortSignal): Promise<void>;
  /** Destroys the socket, at once. */
  drop(connection: C): void;
  /** Says goodbye in the protocol's way, and closes; never throws. */
  farewell(connection: C): void;
  /** Whether the connection is open as far as this process knows; no I/O. */
  isOpen(connection: C): boolean;
  /** What the connection is fit for; no I/O. */
  condition(connection: C): Condition;
  /** Whether the connection keeps the process alive: true while it is lent. */
  hold(connection: C, held: boolean): void;
  /** The verdict on an error of `dial`. */
  classifyDial(error: unknown): Failure;
  /** For logs and events: the server's name for the connection. */
  label(connection: C): ConnectionLabel;
  /** How long the server lets a connection idle, in milliseconds; `Infinity` when it does not say. */
  idleLimitMs(connection: C): number;
}

/** Which connection it is, in the server's words. */
export interface ConnectionLabel {
  readonly id: number | string;
  readonly database: string | undefined;
}
