import type { Failure } from '../../errors/index.js';
import type { TransactionOptions } from '../registry/resource.js';

/** Why a transaction cannot be committed any more. */
export interface Doom {
  readonly error: unknown;
  readonly failure: Failure;
}

/** A transaction on one connection, from BEGIN to COMMIT or ROLLBACK. What the ring of repair asks of it. */
export interface Transaction {
  /** Set once the server rolled back or the connection is lost: nothing may be written in it any more. */
  readonly doom: Doom | undefined;
  /** Whether work in it was committed before its end, as a statement with an implicit commit does. */
  readonly escaped: boolean;
  /** Whether anything but reads ran in it. */
  readonly wrote: boolean;
  /** What earlier work under the same idempotency key returned: then there is nothing to run. */
  readonly kept?: { readonly value: unknown } | undefined;
  /**
   * Commits, and gives the connection back. Resolves to the value, or to the one that is kept under its key;
   * rejects with a recorded failure.
   */
  commit<R>(value: R): Promise<R>;
  /** Rolls back, and gives the connection back; never rejects: the first error is the one that counts. */
  rollback(): Promise<void>;
  /** Runs a nested part: what fails in it is rolled back to a savepoint. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

/** Where transactions come from: one per resource. */
export interface TransactionHost<T extends Transaction> {
  /** Takes a connection and begins; rejects with a recorded failure, having given the connection back. */
  begin(options: TransactionOptions): Promise<T>;
}
