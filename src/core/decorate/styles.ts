import type { AnyMethod } from './method.js';

/** How a handler replies. */
export type Style = 'promise' | 'callback' | 'generator' | 'open';

const AsyncFunction = (async () => undefined).constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;

/** Whether a method is declared `async *`. */
export function isAsyncGenerator(method: AnyMethod): boolean {
  return method instanceof AsyncGeneratorFunction;
}

/**
 * How this invocation replies. `'open'`: an ordinary function without a callback, whose result will tell: a
 * promise, an async iterable, a stream among its arguments, or a plain value.
 */
export function styleOf(method: AnyMethod, args: readonly unknown[]): Style {
  if (method instanceof AsyncFunction) return 'promise';
  if (isAsyncGenerator(method)) return 'generator';
  return typeof args.at(-1) === 'function' ? 'callback' : 'open';
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

/** A stream that a handler replies through, as gRPC's server streams are. */
export interface ReplyStream {
  readonly writableEnded?: boolean;
  end(): unknown;
  write(chunk: unknown): unknown;
  once(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: () => void): unknown;
}

/** The stream among the arguments that the handler replies through. */
export function replyStream(args: readonly unknown[]): ReplyStream | undefined {
  return args.find((arg): arg is ReplyStream => {
    const stream = arg as Partial<ReplyStream> | null | undefined;
    return (
      typeof stream?.write === 'function' &&
      typeof stream.end === 'function' &&
      typeof stream.once === 'function'
    );
  });
}

/** Resolves when the reply is over, however it ended. */
export function replyEnded(stream: ReplyStream): Promise<void> {
  return new Promise((resolve) => {
    const events = ['finish', 'close', 'cancelled', 'error'];
    const over = (): void => {
      for (const event of events) stream.removeListener(event, over);
      resolve();
    };
    for (const event of events) stream.once(event, over);
  });
}
