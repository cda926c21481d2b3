import { convert } from '../call/convert.js';
import {
  type Call,
  type Caller,
  closeCall,
  inScopeOf,
  openCall,
  type ResolvedCallOptions,
} from '../call/index.js';
import { untilAborted } from '../call/until-aborted.js';
import { verdictOn } from '../call/verdict.js';

/**
 * Runs an async iterable as a call that lasts until it ends or is abandoned. Each step runs inside the scope:
 * a generator leaves the scope in which it was created at its first await. What it has yielded cannot be
 * taken back, so it is never run again.
 */
export async function* generate<T>(
  name: string,
  options: ResolvedCallOptions,
  start: () => AsyncIterable<T, unknown, unknown>,
  caller: Caller = {},
): AsyncGenerator<T, unknown, unknown> {
  const call = openCall(name, options, caller);
  let iterator: AsyncIterator<T, unknown, unknown> | undefined;
  let result: { error?: unknown } = {};
  try {
    iterator = inScopeOf(call, () => start()[Symbol.asyncIterator]());
    return yield* steps(call, iterator);
  } catch (error) {
    if (call.aborted !== undefined) abandon(call, iterator);
    const reported = call.aborted ?? error;
    const thrown = convert(call, reported, verdictOn(call, reported), options.as);
    result = { error: thrown };
    throw thrown;
  } finally {
    closeCall(call, result);
  }
}

/** The same iterator, with each step inside the scope of the call and ended with it. */
function steps<T>(
  call: Call,
  iterator: AsyncIterator<T, unknown, unknown>,
): AsyncIterable<T, unknown, unknown> {
  const enter = async <R>(step: () => Promise<R>): Promise<R> => {
    if (call.aborted !== undefined) throw call.aborted;
    return new Promise((resolve, reject) => untilAborted(call, () => inScopeOf(call, step), resolve, reject));
  };
  const scoped: AsyncIterator<T, unknown, unknown> = {
    next: (sent) => enter(() => iterator.next(sent)),
    return: async (value) =>
      iterator.return === undefined
        ? { done: true, value: await value }
        : inScopeOf(call, () => iterator.return?.(value) as Promise<IteratorResult<T, unknown>>),
  };
  if (iterator.throw !== undefined)
    scoped.throw = (error) => enter(() => iterator.throw?.(error) as Promise<IteratorResult<T, unknown>>);
  return { [Symbol.asyncIterator]: () => scoped };
}

/** A generator whose call was aborted ends too, as soon as the step it is in lets it; nobody waits for that. */
function abandon(call: Call, iterator: AsyncIterator<unknown> | undefined): void {
  const ended = async (): Promise<unknown> => iterator?.return?.();
  inScopeOf(call, ended).catch(() => undefined);
}
