import type { TransactionOptions } from '../../../../src/core/registry/resource.js';
import type { Doom, Transaction, TransactionHost } from '../../../../src/core/transaction/index.js';
import { type Failure, failureOf, recordFailure } from '../../../../src/errors/index.js';
import { driverError } from './driver-error.js';

/** A transaction over rows in memory: what it wrote is seen by others once it is committed. */
export class MemoryTransaction implements Transaction {
  readonly #host: MemoryHost;
  #rows: readonly string[] = [];
  doom: Doom | undefined;
  escaped = false;
  wrote = false;

  constructor(host: MemoryHost) {
    this.#host = host;
  }

  write(row: string): void {
    if (this.doom !== undefined) throw this.doom.error;
    this.wrote = true;
    this.#rows = [...this.#rows, row];
  }

  /** The server rolls back, or the connection is lost. */
  fail(failure: Failure): never {
    const error = driverError(failure);
    this.doom = { error, failure };
    throw error;
  }

  /** As a definition does: what was written so far is committed. */
  escape(): void {
    this.escaped = true;
    this.#host.commitRows(this.#rows);
    this.#rows = [];
  }

  async commit<R>(value: R): Promise<R> {
    this.#host.log.push('commit');
    await this.#host.onCommit?.(this);
    this.#host.commitRows(this.#rows);
    return value;
  }

  async rollback(): Promise<void> {
    this.#host.log.push('rollback');
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#rows;
    this.#host.log.push('savepoint');
    try {
      return await work();
    } catch (error) {
      this.#rows = before;
      this.#host.log.push('rollback to savepoint');
      throw error;
    }
  }
}

/** A host whose begin and commit fail as a test wants. */
export class MemoryHost implements TransactionHost<MemoryTransaction> {
  readonly rows: string[] = [];
  readonly log: string[] = [];
  readonly begun: TransactionOptions[] = [];
  onBegin: (() => void) | undefined;
  onCommit: ((transaction: MemoryTransaction) => void | Promise<void>) | undefined;

  async begin(options: TransactionOptions): Promise<MemoryTransaction> {
    this.log.push('begin');
    this.begun.push(options);
    this.onBegin?.();
    return new MemoryTransaction(this);
  }

  commitRows(rows: readonly string[]): void {
    this.rows.push(...rows);
  }
}

/** Fails like a COMMIT whose reply was lost, or that was never written. */
export function commitFailure(transaction: MemoryTransaction, failure: Failure): never {
  const error = recordFailure(driverError(failure), failure);
  transaction.doom = { error, failure: failureOf(error) ?? failure };
  throw error;
}
