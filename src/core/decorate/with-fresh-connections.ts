import { type CallOptions, resolveCallOptions } from '../call/index.js';
import { decorateLegacy, type LegacyArguments } from './legacy.js';
import type { HandlerClass, HandlerMethod } from './method.js';
import { decorateStandard, isStandard } from './standard.js';

/** A decorator of both dialects, for methods and classes. */
export interface FreshConnectionsDecorator {
  /** TC39, on a method. */
  <M extends HandlerMethod>(method: M, context: ClassMethodDecoratorContext<unknown, M>): M;
  /** TC39, on a class: every method that it defines. */
  <C extends HandlerClass>(target: C, context: ClassDecoratorContext<C>): void;
  /** Legacy, on a method. */
  <M extends HandlerMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): TypedPropertyDescriptor<M>;
  /** Legacy, on a class: every method that it defines. */
  <C extends HandlerClass>(target: C): void;
}

/**
 * Makes a handler a call: stale connections are dropped before and after it, what can be repaired safely is
 * repaired, what it leaves behind is taken back, and what fails becomes a {@link ServiceException}. On a
 * class it applies to every method that the class defines; {@link skipFreshConnections} leaves one out.
 *
 * One function serves TC39 decorators and `experimentalDecorators`, with or without parentheses.
 *
 * @param options defaults: not idempotent, no transaction, no deadline of its own, 3 attempts.
 * @throws TypeError or RangeError that names option and value; TypeError on anything but a method or class.
 */
export const withFreshConnections: FreshConnectionsDecorator &
  ((options?: CallOptions) => FreshConnectionsDecorator) = ((...args: readonly unknown[]): unknown => {
  if (isStandard(args)) return decorateStandard(args[0], args[1], {});
  if (args.length > 1 || typeof args[0] === 'function')
    return decorateLegacy(args as unknown as LegacyArguments, {});
  const options = (args[0] === undefined ? {} : args[0]) as CallOptions;
  resolveCallOptions('withFreshConnections', options);
  return (...decorated: readonly unknown[]) =>
    isStandard(decorated)
      ? decorateStandard(decorated[0], decorated[1], options)
      : decorateLegacy(decorated as unknown as LegacyArguments, options);
}) as never;
