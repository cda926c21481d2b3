import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { sleep } from '../../core/process/abort.js';
import { MAX_TIMER_MS, now } from '../../core/process/clock.js';
import { logger } from '../../core/process/logger.js';
import type { CallsInFlight } from './calls-in-flight.js';

/** What there is to drain. */
export interface Drained {
  readonly server: Server;
  readonly calls: CallsInFlight;
  /** Sockets on which messages come. */
  readonly clients: ReadonlySet<Socket>;
  /** All sockets; one leaves the set when it says that it is closed. */
  readonly connections: ReadonlySet<Socket>;
}

/** Takes no more connections, waits for calls and closes connections; at the deadline whatever is left. */
export async function drainServer(
  { server, calls, clients, connections }: Drained,
  drainMs: number,
): Promise<void> {
  const deadlineAt = now() + drainMs;
  const closed = close(server, connections);
  await within(drainMs, calls.drain());
  if (calls.count > 0) {
    logger().warn({ calls: calls.count }, 'the deadline for draining passed; calls are cancelled');
  } else {
    // What was written still goes out; adoptSocket destroys the socket after it.
    for (const socket of clients) socket.end();
    await within(deadlineAt - now(), closed);
  }
  for (const socket of connections) socket.destroy();
  await closed;
}

async function close(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  // Its only error: the server does not listen.
  await new Promise<void>((resolve) => server.close(() => resolve()));
  // The server is closed a moment before the last socket says that it is.
  for (const socket of connections) await once(socket, 'close');
}

/** Waits for work, at most so long. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  if (ms > MAX_TIMER_MS) return work;
  const over = new AbortController();
  const timeout = sleep(Math.max(0, ms), over.signal).catch(() => undefined);
  await Promise.race([work, timeout]);
  over.abort();
}
