import { AsyncLocalStorage } from 'node:async_hooks';
import { globalState } from './global-state.js';

/**
 * What code runs in. One AsyncLocalStorage carries all of it, because each of them is a cost of every
 * asynchronous operation of the process. Who owns a slot knows its type.
 */
interface Scope {
  /** Owned by call/current-call.ts. */
  readonly call: unknown;
  /** Owned by transaction/scope.ts. */
  readonly transaction: unknown;
  /** Owned by the face through which the outermost call came. */
  readonly face: unknown;
}

const storage: AsyncLocalStorage<Scope> = globalState('scope', () => new AsyncLocalStorage<Scope>());
const OUTSIDE: Scope = { call: undefined, transaction: undefined, face: undefined };

/** The scope in which this code runs. */
export function currentScope(): Scope {
  return storage.getStore() ?? OUTSIDE;
}

/** Runs a function in the present scope, changed in part. */
export function enterScope<A, T>(change: Partial<Scope>, run: (argument: A) => T, argument: A): T {
  const { call, transaction, face } = currentScope();
  const { call: nextCall = call, transaction: nextTransaction = transaction, face: nextFace = face } = change;
  return storage.run({ call: nextCall, transaction: nextTransaction, face: nextFace }, run, argument);
}
