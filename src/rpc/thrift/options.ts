import { type CallOptions, type ResolvedCallOptions, resolveCallOptions } from '../../core/call/options.js';
import { show } from '../../core/process/check-options.js';
import type { MethodOf } from './generated-service.js';

/** Options of {@link freshProcessor}: the defaults of all methods, and what differs in some. */
export interface ProcessorOptions<S = unknown> extends CallOptions {
  /** What differs from the defaults in a method, by its name. */
  readonly methods?: { readonly [M in MethodOf<S>]?: CallOptions };
}

/**
 * The options of every method.
 *
 * @throws TypeError or RangeError that names option and value, or a method that the service does not have.
 */
export function resolveProcessorOptions(
  owner: string,
  names: readonly string[],
  options: ProcessorOptions,
): ReadonlyMap<string, ResolvedCallOptions> {
  resolveCallOptions(owner, options, ['methods']);
  const { methods = {}, ...defaults } = options as CallOptions & { methods?: Record<string, CallOptions> };
  if (typeof methods !== 'object' || methods === null || Array.isArray(methods)) {
    throw new TypeError(`${owner}: methods must be an object, got ${show(methods)}`);
  }
  for (const [name, own] of Object.entries(methods)) {
    if (!names.includes(name)) {
      throw new TypeError(
        `${owner}: methods: the service has no method ${show(name)}; it has ${names.join(', ')}`,
      );
    }
    resolveCallOptions(`${owner}: methods.${name}`, own);
  }
  return new Map(names.map((name) => [name, resolveCallOptions(owner, { ...defaults, ...methods[name] })]));
}
