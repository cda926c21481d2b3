import { originalOf } from '../../core/decorate/index.js';

/** A handler whose style is not known yet. */
// biome-ignore lint/suspicious/noExplicitAny: any parameters; the style decides what it is given
export type AnyHandler = (this: unknown, ...args: any[]) => unknown;

const AsyncFunction = (async () => undefined).constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;

/**
 * Whether a handler of an answer takes `(request, call)` and returns it; else it takes `(call, callback)`. An
 * async function of two parameters could be either, but no async function needs a callback. A decorator leaves
 * the style as it is.
 */
export function returnsItsAnswer(handler: AnyHandler): boolean {
  const original = originalOf(handler);
  return original instanceof AsyncFunction || original.length < 2;
}

/** Whether a handler of a stream is an async generator; else it takes the stream. */
export function yieldsItsMessages(handler: AnyHandler): boolean {
  return originalOf(handler) instanceof AsyncGeneratorFunction;
}
