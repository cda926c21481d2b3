import { globalState } from '../process/global-state.js';
import { errorFields, logger } from '../process/logger.js';
import type { Call, Checkout } from './call.js';

/** How a call ended. */
export interface CallResult {
  /** What was thrown to the caller, with the original error as its `cause`; absent when the call went well. */
  readonly error?: unknown;
  /** From start to end, in milliseconds. */
  readonly durationMs: number;
}

/** What one may listen to. A hook that throws, or rejects, is logged; it never fails the call. */
export interface CallHooks {
  /** Before the handler runs, after stale connections were dropped. */
  start?(call: Call): void;
  /** After everything was taken back. */
  finish?(call: Call, result: CallResult): void;
  /** A handler left a connection behind. */
  leak?(call: Call, checkout: Checkout): void;
}

const hooks: Set<CallHooks> = globalState('hooks', () => new Set<CallHooks>());

/** Adds hooks to the process; returns their removal. */
export function addCallHooks(added: CallHooks): () => void {
  hooks.add(added);
  return () => hooks.delete(added);
}

/** Runs a hook of everybody who listens. */
export function runHooks(run: (hooks: CallHooks) => unknown): void {
  for (const listener of hooks) {
    try {
      // Nothing stops an author from writing an async hook.
      const returned = run(listener) as PromiseLike<unknown> | null | undefined;
      if (typeof returned?.then === 'function') returned.then(undefined, hookThrew);
    } catch (error) {
      hookThrew(error);
    }
  }
}

function hookThrew(error: unknown): void {
  logger().error(errorFields(error, false), 'a call hook threw');
}

/** Whether anybody listens. */
export function hasHooks(): boolean {
  return hooks.size > 0;
}
