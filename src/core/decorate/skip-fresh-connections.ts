import { type LegacyArguments, skipLegacy } from './legacy.js';
import { isStandard, skipStandard } from './standard.js';

/** A decorator of both dialects, for methods of a decorated class. */
export interface SkipDecorator {
  /** TC39. */
  // biome-ignore lint/suspicious/noExplicitAny: any method may be left out
  <M extends (...args: any[]) => unknown>(method: M, context: ClassMethodDecoratorContext<unknown, M>): void;
  /** Legacy. */
  <M>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/**
 * Leaves a method of a decorated class as it is. With or without parentheses.
 *
 * @throws TypeError on anything but a method.
 */
export const skipFreshConnections: SkipDecorator & (() => SkipDecorator) = ((
  ...args: readonly unknown[]
): unknown => (args.length === 0 ? skip : skip(...args))) as never;

function skip(...args: readonly unknown[]): void {
  if (isStandard(args)) skipStandard(args[0], args[1]);
  else skipLegacy(args as unknown as LegacyArguments);
}
