import { type CallOptions, type ResolvedCallOptions, resolveCallOptions } from '../call/index.js';
import { copyMetadata } from './metadata.js';
import type { AnyMethod } from './method.js';
import { runHandler } from './run-handler.js';
import { isAsyncGenerator } from './styles.js';

const WRAPPED: unique symbol = Symbol.for('fresh-connections.wrapped');
const SKIPPED: unique symbol = Symbol.for('fresh-connections.skipped');

interface Wrapped {
  readonly method: AnyMethod;
  readonly options: CallOptions;
}

type Markable = AnyMethod & { [WRAPPED]?: Wrapped; [SKIPPED]?: true };

/**
 * A method that runs as a call; length, name, `this` and metadata are the original's. Wrapping twice is
 * wrapping once, with the options of both; those nearer to the method win.
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function wrap(method: AnyMethod, key: string, options: CallOptions): AnyMethod {
  const inner = (method as Markable)[WRAPPED];
  const original = inner?.method ?? method;
  const merged: CallOptions = { ...options, ...inner?.options };
  const resolved: ResolvedCallOptions = resolveCallOptions(`withFreshConnections on ${key}`, merged);
  if (resolved.transaction !== undefined && isAsyncGenerator(original)) {
    throw new TypeError(
      `withFreshConnections on ${key}: an async generator cannot run in a transaction; ` +
        'give it `transaction: false`, and use a transaction inside it',
    );
  }
  const wrapper: Markable = function (this: unknown, ...args: unknown[]): unknown {
    return runHandler({
      method: original,
      self: this,
      args,
      name: handlerName(this, key),
      options: resolved,
    });
  };
  Object.defineProperties(wrapper, {
    length: { value: original.length, configurable: true },
    name: { value: original.name, configurable: true },
    [WRAPPED]: { value: { method: original, options: merged } satisfies Wrapped },
  });
  copyMetadata(method, wrapper);
  return wrapper;
}

/** The options that a wrapped method was given. */
export function optionsOf(method: AnyMethod): CallOptions | undefined {
  return (method as Markable)[WRAPPED]?.options;
}

/** The method that a wrapped one runs; the method itself when it is not wrapped. */
export function originalOf(method: AnyMethod): AnyMethod {
  return (method as Markable)[WRAPPED]?.method ?? method;
}

/** Marks a method that a decorated class leaves as it is. */
export function markSkipped(method: AnyMethod): void {
  Object.defineProperty(method, SKIPPED, { value: true });
}

/** Whether a decorated class leaves this method as it is. */
export function isSkipped(method: AnyMethod): boolean {
  return (method as Markable)[SKIPPED] === true;
}

function handlerName(self: unknown, key: string): string {
  // A static method has the class itself as `this`.
  const owner = typeof self === 'function' ? self : (self as object | null | undefined)?.constructor;
  const name: unknown = owner?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `${name}.${key}` : key;
}
