import { currentScope, enterScope } from '../process/scope.js';
import type { Call } from './call.js';

/** The call in whose scope this code runs; `undefined` outside of any. */
export function currentCall(): Call | undefined {
  return currentScope().call as Call | undefined;
}

/** Runs a function in the scope of a call. */
export function inScopeOf<T>(call: Call, run: (call: Call) => T): T {
  return enterScope({ call }, run, call);
}
