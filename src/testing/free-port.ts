import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** The loopback address: nothing in this module listens anywhere else. */
export const LOOPBACK = '127.0.0.1';

/**
 * Ports below the range from which kernels take the local ports of outgoing connections. A server that
 * goes away and comes back on its port must not find it taken by somebody's client; and a client that
 * dials a closed port of that range over and over ends up connected to itself.
 */
const FIRST_PORT = 10_240;
const LAST_PORT = 32_767;
const ATTEMPTS = 50;

/**
 * A port of the loopback address on which nothing listened a moment ago. Another process may take it
 * before you do: a caller that can listen by itself had better use {@link listen}.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/**
 * Makes a server listen on the loopback address and resolves to the port: the one asked for, or a free
 * one.
 *
 * @throws the error of `listen`, such as `EADDRINUSE` when the port asked for is taken.
 */
export async function listen(server: Server, port?: number): Promise<number> {
  if (port !== undefined && port !== 0) return listenOn(server, port);
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOn(server, randomInt(FIRST_PORT, LAST_PORT + 1));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', succeeded);
      reject(error);
    };
    const succeeded = (): void => {
      server.off('error', failed);
      resolve(port);
    };
    server.once('error', failed);
    server.once('listening', succeeded);
    server.listen(port, LOOPBACK);
  });
}
