import { type Call, type Checkout, currentCall } from '../../core/call/index.js';
import type { Entry } from '../../core/pool/index.js';
import { FreshConnection, type Hold } from './connection.js';
import type { MysqlResource } from './resource.js';
import type { Session } from './session.js';

/** Told by a pool connection when its holder gives it back. */
export type Released = (connection: FreshPoolConnection) => void;

/** Stands in for mysql2's PoolConnection: a connection lent by a pool. */
export class FreshPoolConnection extends FreshConnection {
  readonly #released: Released;
  #unlend: (() => void) | undefined;

  constructor(resource: MysqlResource, hold: Hold, released: Released) {
    super(resource, hold);
    this.#released = released;
  }

  /** Registers it with the call that borrows it, which takes back what its handler leaves behind. */
  lendTo({ call, at }: Borrower): void {
    const checkout: Checkout = {
      resource: this.resource.name,
      get stack() {
        return at.stack;
      },
      reclaim: () => this.#reclaim(),
    };
    this.#unlend = call.lend(checkout);
  }

  /** Gives it back. Twice is once. */
  release(): void {
    this.#unlend?.();
    this.#unlend = undefined;
    // The connection of the call's transaction is not this holder's to give.
    if (this.hold.kind === 'joined') return void this.let('it was released');
    const entry = this.let('it was released');
    if (entry === undefined) return;
    this.resource.pool.give(entry);
    this.#released(this);
  }

  /** As with mysql2, the end of a pooled connection is its release. */
  override end(callback?: unknown): void {
    this.release();
    if (typeof callback === 'function') callback(null);
  }

  override destroy(): void {
    this.#unlend?.();
    this.#unlend = undefined;
    const entry = this.let('it was destroyed');
    if (entry !== undefined) this.resource.pool.discard(entry);
  }

  override [Symbol.dispose](): void {
    this.release();
  }

  /** Its holder keeps this object, so the session gets another one before somebody else borrows it. */
  #reclaim(): void {
    this.#unlend = undefined;
    const entry = this.let('its call is over, and it was taken back');
    if (entry === undefined) return;
    entry.connection.facade = undefined;
    this.resource.pool.give(entry);
  }
}

/** The call that borrows a connection, and where in its handler. */
export interface Borrower {
  readonly call: Call;
  /** Its stack is formatted when it is read: for a connection that was left behind. */
  readonly at: { readonly stack?: string };
}

/**
 * The borrower of a connection that is asked for now; to be called at once, while its handler is on the stack.
 *
 * @param asked the function whose callers the stack begins with.
 */
// biome-ignore lint/complexity/noBannedTypes: the type that captureStackTrace takes
export function borrower(asked: Function): Borrower | undefined {
  const call = currentCall();
  if (call === undefined) return undefined;
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, asked);
  return { call, at };
}

/** The connection object of a session: the same one as long as the session is as it was opened. */
export function poolConnectionOf(
  resource: MysqlResource,
  entry: Entry<Session>,
  released: Released,
): FreshPoolConnection {
  const { facade } = entry.connection;
  if (facade instanceof FreshPoolConnection) {
    facade.holdAgain(entry);
    return facade;
  }
  return new FreshPoolConnection(resource, { kind: 'entry', entry }, released);
}
