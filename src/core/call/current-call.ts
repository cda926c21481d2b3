import { AsyncLocalStorage } from 'node:async_hooks';
import { globalState } from '../process/global-state.js';
import type { Call } from './call.js';

const scope: AsyncLocalStorage<Call> = globalState('scope', () => new AsyncLocalStorage<Call>());

/** The call in whose scope this code runs; `undefined` outside of any. */
export function currentCall(): Call | undefined {
  return scope.getStore();
}

/** Runs a function in the scope of a call. */
export function inScopeOf<T>(call: Call, run: (call: Call) => T): T {
  return scope.run(call, run, call);
}
