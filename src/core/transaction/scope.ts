import { currentScope, enterScope } from '../process/scope.js';
import type { Transaction, TransactionHost } from './transaction.js';

interface TransactionScope {
  readonly host: TransactionHost<Transaction>;
  readonly transaction: Transaction;
  readonly outer: TransactionScope | undefined;
}

function innermost(): TransactionScope | undefined {
  return currentScope().transaction as TransactionScope | undefined;
}

/** The transaction of this host in which this code runs, if it runs in one. */
export function currentTransaction<T extends Transaction>(host: TransactionHost<T>): T | undefined {
  for (let at = innermost(); at !== undefined; at = at.outer) {
    if (at.host === host) return at.transaction as T;
  }
  return undefined;
}

/** Whether this code runs in a transaction of any host. */
export function isInTransaction(): boolean {
  return innermost() !== undefined;
}

/** Runs a function in a transaction: what it asks the host for joins it. */
export function inTransaction<T extends Transaction, R>(
  host: TransactionHost<T>,
  transaction: T,
  run: () => R,
): R {
  const inside: TransactionScope = { host, transaction, outer: innermost() };
  return enterScope({ transaction: inside }, run, undefined);
}
