import { type Bounds, numberOption, typedOption } from '../process/check-options.js';

/** How connections are kept fresh. Times in milliseconds. */
export interface FreshnessOptions {
  /** A connection proven alive within this time is taken without a check. Default 500. */
  readonly aliveBypassMs?: number;
  /** How long a probe may take. Default 250. */
  readonly probeTimeoutMs?: number;
  /** A probe slower than this races a new dial. Default 20. */
  readonly hedgeAfterMs?: number;
  /** The age at which a connection is replaced, spread by 2.5 %. Default 30 min. */
  readonly maxLifetimeMs?: number;
  /** How long a connection may idle; the server's own limit counts where it is lower. Default 10 min. */
  readonly idleTimeoutMs?: number;
  /** How many connections are kept ready. Default 0. */
  readonly minIdle?: number;
  /** Idle connections are probed this often; 0 for never. Default 0. */
  readonly keepaliveMs?: number;
  /** How long a caller waits for a connection; its call's deadline counts where it is earlier. Default 10 s. */
  readonly acquireTimeoutMs?: number;
  /** How long callers wait out an outage, counted from its start. Default 10 s. */
  readonly outageBufferMs?: number;
  /** How long one dial may take, handshake included. Default 3 s. */
  readonly dialTimeoutMs?: number;
  /** How long a reset of a returned connection may take. Default 1 s. */
  readonly resetTimeoutMs?: number;
}

/** The options of a pool. */
export interface PoolOptions extends FreshnessOptions {
  /** The resource's name, for messages. */
  readonly name: string;
  /** How many connections there may be. Default 10. */
  readonly maxConnections?: number;
  /** How many connections may idle. Default: all. */
  readonly maxIdle?: number;
  /** How many callers may wait; `Infinity` for any number. Default 1000. */
  readonly queueLimit?: number;
  /** Whether callers wait at all. Default `true`. */
  readonly waitForConnections?: boolean;
}

/** Options, checked once and complete. */
export type ResolvedPoolOptions = Required<PoolOptions>;

const DURATION: Bounds = { min: 0, max: Number.POSITIVE_INFINITY, fraction: true };
const POSITIVE: Bounds = { min: 1, max: Number.POSITIVE_INFINITY, fraction: true };
const COUNT: Bounds = { min: 0, max: Number.POSITIVE_INFINITY };

const FRESHNESS: {
  readonly [K in keyof Required<FreshnessOptions>]: readonly [fallback: number, bounds: Bounds];
} = {
  aliveBypassMs: [500, DURATION],
  probeTimeoutMs: [250, POSITIVE],
  hedgeAfterMs: [20, DURATION],
  maxLifetimeMs: [1_800_000, POSITIVE],
  idleTimeoutMs: [600_000, POSITIVE],
  minIdle: [0, COUNT],
  keepaliveMs: [0, DURATION],
  acquireTimeoutMs: [10_000, POSITIVE],
  outageBufferMs: [10_000, DURATION],
  dialTimeoutMs: [3_000, POSITIVE],
  resetTimeoutMs: [1_000, POSITIVE],
};

/** The names of {@link FreshnessOptions}. */
export const FRESHNESS_OPTIONS: readonly string[] = Object.keys(FRESHNESS);

/**
 * Checks options and fills in the defaults.
 *
 * @param owner who was given them, for the message.
 * @throws TypeError or RangeError that names option and value.
 */
export function resolvePoolOptions(owner: string, options: PoolOptions): ResolvedPoolOptions {
  const freshness = Object.fromEntries(
    Object.entries(FRESHNESS).map(([name, [fallback, bounds]]) => {
      const value = options[name as keyof FreshnessOptions];
      return [name, numberOption(owner, name, value, fallback, bounds)];
    }),
  ) as unknown as Required<FreshnessOptions>;
  const maxConnections = numberOption(owner, 'maxConnections', options.maxConnections, 10, {
    ...COUNT,
    min: 1,
  });
  typedOption(owner, 'waitForConnections', options.waitForConnections, 'boolean');
  const { minIdle } = freshness;
  if (minIdle > maxConnections) {
    throw new RangeError(
      `${owner}: minIdle must be at most the ${maxConnections} connections there may be, got ${minIdle}`,
    );
  }
  return {
    ...freshness,
    name: options.name,
    maxConnections,
    maxIdle: numberOption(owner, 'maxIdle', options.maxIdle, maxConnections, COUNT),
    queueLimit: numberOption(owner, 'queueLimit', options.queueLimit, 1000, COUNT),
    waitForConnections: options.waitForConnections ?? true,
  };
}
