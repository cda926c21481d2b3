import type { CallOptions } from '../call/index.js';
import type { AnyMethod, HandlerClass } from './method.js';
import { misuse } from './misuse.js';
import { isSkipped, wrap } from './wrap.js';

/**
 * Wraps every method that a class itself defines, but accessors and those marked to be skipped.
 *
 * @throws TypeError when there is none: the class is not a handler.
 */
export function wrapClass(target: HandlerClass, options: CallOptions): void {
  const prototype = target.prototype as object | undefined;
  if (prototype === undefined)
    throw misuse('withFreshConnections', `the function ${target.name || '(anonymous)'}`);
  let found = false;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor') continue;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    if (typeof descriptor?.value !== 'function') continue;
    found = true;
    const method = descriptor.value as AnyMethod;
    if (isSkipped(method)) continue;
    Object.defineProperty(prototype, key, { ...descriptor, value: wrap(method, String(key), options) });
  }
  if (!found) {
    throw new TypeError(
      `@withFreshConnections: class ${target.name || '(anonymous)'} has no methods, so it is no handler`,
    );
  }
}
