import {
  numberOption,
  refuseUnknownOptions,
  show,
  typedOption,
} from '../../../core/process/check-options.js';

/** What is known of a method of a service that is called. */
export interface ClientMethodOptions {
  /** Running it twice has the same effect as running it once. Default `false`. */
  readonly idempotent?: boolean;
  /** How long a call may take, repeats included, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number;
  /** How often a call may be sent, the first time included. Default 3. */
  readonly maxAttempts?: number;
}

/** Options of {@link freshThriftClient}: the defaults of all methods, and what differs in some. */
export interface FreshThriftClientOptions<M extends string = string> extends ClientMethodOptions {
  /** What differs from the defaults in a method, by its name. */
  readonly methods?: { readonly [K in M]?: ClientMethodOptions };
  /** How long one attempt to connect may take, in milliseconds. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** The service's name on a server made by `createMultiplexServer`. Default: the server has one service. */
  readonly multiplexed?: string;
}

const METHOD_OPTIONS = ['idempotent', 'timeoutMs', 'maxAttempts'] as const;
const DURATION = { min: 1, max: 2 ** 31 - 1, fraction: true };
const ATTEMPTS = { min: 1, max: 100 };

/** Options, checked once and complete. */
export interface ResolvedClientOptions {
  readonly byMethod: ReadonlyMap<string, Required<ClientMethodOptions>>;
  readonly connectTimeoutMs: number;
  readonly multiplexed: string | undefined;
}

/** @throws TypeError or RangeError that names option and value, or a method that the service does not have. */
export function resolveClientOptions(
  owner: string,
  names: readonly string[],
  options: FreshThriftClientOptions,
): ResolvedClientOptions {
  refuseUnknownOptions(owner, options, [...METHOD_OPTIONS, 'methods', 'connectTimeoutMs', 'multiplexed']);
  typedOption(owner, 'methods', options.methods, 'object');
  typedOption(owner, 'multiplexed', options.multiplexed, 'string');
  const { methods = {}, connectTimeoutMs, multiplexed, ...defaults } = options;
  for (const [name, own] of Object.entries(methods)) {
    if (!names.includes(name))
      throw new TypeError(`${owner}: methods: the service has no method ${show(name)}`);
    refuseUnknownOptions(`${owner}: methods.${name}`, own ?? {}, METHOD_OPTIONS);
  }
  const ofMethod = (name: string): Required<ClientMethodOptions> =>
    resolveMethod(owner, { ...defaults, ...methods[name] });
  return {
    byMethod: new Map(names.map((name) => [name, ofMethod(name)])),
    connectTimeoutMs: numberOption(owner, 'connectTimeoutMs', connectTimeoutMs, 5_000, DURATION),
    multiplexed,
  };
}

function resolveMethod(owner: string, options: ClientMethodOptions): Required<ClientMethodOptions> {
  typedOption(owner, 'idempotent', options.idempotent, 'boolean');
  return {
    idempotent: options.idempotent ?? false,
    timeoutMs: numberOption(owner, 'timeoutMs', options.timeoutMs, 10_000, DURATION),
    maxAttempts: numberOption(owner, 'maxAttempts', options.maxAttempts, 3, ATTEMPTS),
  };
}
