import type { CallOptions } from '../call/index.js';
import { wrapClass } from './class.js';
import { recordOptions } from './metadata.js';
import type { AnyMethod, HandlerClass } from './method.js';
import { misuse } from './misuse.js';
import { markSkipped, optionsOf, wrap } from './wrap.js';

/** What the legacy dialect (`experimentalDecorators`) passes for a method. */
export type LegacyArguments = readonly [
  target: object,
  key?: string | symbol,
  descriptor?: PropertyDescriptor,
];

/** The legacy dialect: `(prototype, key, descriptor)` or `(class)`. */
export function decorateLegacy([target, key, descriptor]: LegacyArguments, options: CallOptions): unknown {
  if (key === undefined) {
    if (typeof target !== 'function') throw misuse('withFreshConnections', 'a value');
    wrapClass(target as HandlerClass, options);
    recordOptions(options, target);
    return undefined;
  }
  const method = methodOf('withFreshConnections', key, descriptor);
  const value = wrap(method, String(key), options);
  recordOptions(optionsOf(value) ?? options, target, key);
  return { ...descriptor, value };
}

/** The legacy dialect of skipping. */
export function skipLegacy([, key, descriptor]: LegacyArguments): void {
  markSkipped(methodOf('skipFreshConnections', key ?? 'a class', descriptor));
}

function methodOf(
  decorator: string,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): AnyMethod {
  if (typeof descriptor?.value === 'function') return descriptor.value as AnyMethod;
  const place = descriptor?.get === undefined && descriptor?.set === undefined ? 'the field' : 'the accessor';
  throw misuse(decorator, `${place} ${String(key)}`);
}
