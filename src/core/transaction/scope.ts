import { AsyncLocalStorage } from 'node:async_hooks';
import { globalState } from '../process/global-state.js';
import type { Transaction, TransactionHost } from './transaction.js';

interface TransactionScope {
  readonly host: TransactionHost<Transaction>;
  readonly transaction: Transaction;
  readonly outer: TransactionScope | undefined;
}

const scope: AsyncLocalStorage<TransactionScope> = globalState('transactions', () => new AsyncLocalStorage());

/** The transaction of this host in which this code runs, if it runs in one. */
export function currentTransaction<T extends Transaction>(host: TransactionHost<T>): T | undefined {
  for (let at = scope.getStore(); at !== undefined; at = at.outer) {
    if (at.host === host) return at.transaction as T;
  }
  return undefined;
}

/** Whether this code runs in a transaction of any host. */
export function isInTransaction(): boolean {
  return scope.getStore() !== undefined;
}

/** Runs a function in a transaction: what it asks the host for joins it. */
export function inTransaction<T extends Transaction, R>(
  host: TransactionHost<T>,
  transaction: T,
  run: () => R,
): R {
  return scope.run({ host, transaction, outer: scope.getStore() }, run);
}
