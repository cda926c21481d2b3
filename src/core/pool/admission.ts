import { now } from '../process/clock.js';
import type { Dialer } from './dialer.js';
import { inOutage, poolClosed, queueFull } from './exceptions.js';
import type { ResolvedPoolOptions } from './options.js';

/** What a pool is like when somebody asks for a connection. */
export interface Crowd {
  readonly closed: boolean;
  /** Connections, whatever they do at the moment. */
  readonly connections: number;
  readonly idle: number;
  readonly dialing: number;
  readonly waiting: number;
}

/** Why nobody may wait at the moment; `undefined` when one may. */
export function refusal(
  options: ResolvedPoolOptions,
  dialer: Pick<Dialer<object>, 'outage' | 'outlasted'>,
  crowd: Crowd,
): { readonly error: unknown } | undefined {
  const { name, maxConnections, queueLimit, waitForConnections } = options;
  if (crowd.closed) return { error: poolClosed(name) };
  const { outage } = dialer;
  if (outage !== undefined && crowd.connections === 0) {
    const { failure, error, nextAt } = outage;
    if (!failure.transient && now() < nextAt) return { error };
    if (failure.transient && dialer.outlasted) return { error: inOutage(name, outage) };
  }
  const saturated = crowd.idle === 0 && crowd.connections + crowd.dialing >= maxConnections;
  const limit = waitForConnections ? queueLimit : 0;
  return saturated && crowd.waiting >= limit ? { error: queueFull(name, limit) } : undefined;
}
