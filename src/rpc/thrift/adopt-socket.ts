import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { CallsInFlight } from './calls-in-flight.js';
import { type ClientConnection, processFor } from './client-connection.js';

/**
 * Makes what a client sends known as its own to the processor, and cancels its calls when it goes. Thrift's
 * server has put its listeners on the socket already.
 */
export function adoptSocket(socket: Socket, calls: CallsInFlight): void {
  const gone = new AbortController();
  // One for each call in flight; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, gone.signal);
  const client: ClientConnection = { signal: gone.signal, calls };
  socket.once('close', () => gone.abort());
  // Thrift ends a connection on which it can't go on, and would still read all that the client sends.
  socket.once('finish', () => socket.destroy());
  for (const listener of socket.listeners('data') as ((data: Buffer) => void)[]) {
    socket.on('data', (data: Buffer) => processFor(client, () => listener.call(socket, data)));
    socket.off('data', listener);
  }
}
