import type { CallOptions } from '../call/index.js';
import { wrapClass } from './class.js';
import type { AnyMethod, HandlerClass } from './method.js';
import { misuse } from './misuse.js';
import { markSkipped, wrap } from './wrap.js';

/** What the TC39 dialect passes beside the decorated thing. */
export type StandardContext = Pick<DecoratorContext, 'kind' | 'name'>;

/** Whether these are the arguments of a TC39 decorator. */
export function isStandard(args: readonly unknown[]): args is readonly [unknown, StandardContext] {
  const context = args[1] as { kind?: unknown } | null | undefined;
  return args.length === 2 && typeof context === 'object' && typeof context?.kind === 'string';
}

/** The TC39 dialect: `(method, context)` or `(class, context)`. */
export function decorateStandard(
  value: unknown,
  { kind, name }: StandardContext,
  options: CallOptions,
): unknown {
  if (kind === 'method') return wrap(value as AnyMethod, String(name), options);
  if (kind !== 'class') throw misuse('withFreshConnections', `the ${kind} ${String(name)}`);
  wrapClass(value as HandlerClass, options);
  return undefined;
}

/** The TC39 dialect of skipping. */
export function skipStandard(value: unknown, { kind, name }: StandardContext): void {
  if (kind !== 'method') throw misuse('skipFreshConnections', `the ${kind} ${String(name)}`);
  markSkipped(value as AnyMethod);
}
