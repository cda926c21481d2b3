import type { Server } from '@grpc/grpc-js';
import { numberOption, refuseUnknownOptions } from '../../core/process/check-options.js';
import { MAX_TIMER_MS } from '../../core/process/clock.js';
import { healthOf } from './health.js';

/** Options of {@link drain}. */
export interface DrainOptions {
  /** How long calls that are under way may take, in milliseconds; then they are cancelled. Default 10 s. */
  readonly graceMs?: number;
}

/**
 * Takes a server out of service without losing a call: its health service says NOT_SERVING and its watches end,
 * it takes no new connections and tells its clients to go elsewhere, what is under way is answered, and what
 * still runs after the grace is cancelled, open streams included. Resolves when all of it is over; drain the
 * resources, `connections.drain()`, after that.
 *
 * @throws TypeError or RangeError that names option and value.
 */
export async function drain(server: Server, options: DrainOptions = {}): Promise<void> {
  refuseUnknownOptions('drain', options, ['graceMs']);
  const graceMs = numberOption('drain', 'graceMs', options.graceMs, 10_000, { min: 0, max: MAX_TIMER_MS });
  healthOf(server)?.end();
  // This timer holds the process: somebody waits for the end.
  const timer = setTimeout(() => server.forceShutdown(), graceMs);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(timer);
}
