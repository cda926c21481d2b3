import { convert } from '../call/convert.js';
import { type Call, closeCall, inScopeOf, openCall, type ResolvedCallOptions } from '../call/index.js';
import { verdictOn } from '../call/verdict.js';

/**
 * Runs an async iterable as a call that lasts until it ends or is abandoned. Each step runs inside the scope:
 * a generator leaves the scope in which it was created at its first await. What it has yielded cannot be
 * taken back, so it is never run again.
 */
export function generate<T>(
  name: string,
  options: ResolvedCallOptions,
  start: () => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  return (async function* (): AsyncGenerator<T, void, undefined> {
    const call = openCall(name, options);
    const iterator = inScopeOf(call, () => start()[Symbol.asyncIterator]());
    let result: { error?: unknown } = {};
    let ended = false;
    try {
      for (;;) {
        const step = await nextStep(call, iterator);
        ended = step.done === true;
        if (ended) return;
        yield step.value;
      }
    } catch (error) {
      ended = true;
      const reported = call.aborted ?? error;
      const thrown = convert(call, reported, verdictOn(call, reported), options.as);
      result = { error: thrown };
      throw thrown;
    } finally {
      if (!ended) await inScopeOf(call, () => iterator.return?.());
      closeCall(call, result);
    }
  })();
}

function nextStep<T>(call: Call, iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
  if (call.aborted !== undefined) return Promise.reject(call.aborted);
  return inScopeOf(call, () => iterator.next());
}
