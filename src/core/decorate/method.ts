/**
 * A method that can be a handler: it returns a promise or an async iterable, or nothing because it replies
 * through a callback or a stream. A method with a plain result is not one: its result could not wait.
 */
// biome-ignore lint/suspicious/noExplicitAny: any parameters; unknown would refuse every method that has some
export type HandlerMethod = (...args: any[]) => PromiseLike<unknown> | AsyncIterable<unknown> | void;

/** A method as the wrapper sees it. */
export type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

/** A class. */
// biome-ignore lint/suspicious/noExplicitAny: any parameters; unknown would refuse every class that takes some
export type HandlerClass = abstract new (...args: any[]) => object;
