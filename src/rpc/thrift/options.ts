import { type CallOptions, type ResolvedCallOptions, resolveCallOptions } from '../../core/call/options.js';
import { numberOption, show } from '../../core/process/check-options.js';
import type { MethodOf } from './generated-service.js';

/** Options of {@link freshProcessor}: the defaults of all methods, and what differs in some. */
export interface ProcessorOptions<S = unknown> extends CallOptions {
  /** What differs from the defaults in a method, by its name. */
  readonly methods?: { readonly [M in MethodOf<S>]?: CallOptions };
  /**
   * The most elements that the lists, sets and maps of a message may have together: each of them takes more
   * memory than its bytes. Default 1,000,000.
   */
  readonly maxElements?: number;
}

/** Options, checked once and complete. */
export interface ResolvedProcessorOptions {
  readonly byMethod: ReadonlyMap<string, ResolvedCallOptions>;
  readonly maxElements: number;
}

const ELEMENTS = { min: 1, max: Number.POSITIVE_INFINITY };

/**
 * Checks options and fills in the defaults, for every method.
 *
 * @throws TypeError or RangeError that names option and value, or a method that the service does not have.
 */
export function resolveProcessorOptions(
  owner: string,
  names: readonly string[],
  options: ProcessorOptions,
): ResolvedProcessorOptions {
  resolveCallOptions(owner, options, ['methods', 'maxElements']);
  const { methods = {}, maxElements, ...defaults } = options as AnyProcessorOptions;
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
  const ofMethod = (name: string): ResolvedCallOptions =>
    resolveCallOptions(owner, { ...defaults, ...methods[name] });
  return {
    byMethod: new Map(names.map((name) => [name, ofMethod(name)])),
    maxElements: numberOption(owner, 'maxElements', maxElements, 1_000_000, ELEMENTS),
  };
}

/** Of a service whose methods are known at run time only. */
type AnyProcessorOptions = Omit<ProcessorOptions, 'methods'> & {
  readonly methods?: Readonly<Record<string, CallOptions>>;
};
