import type { Server, Socket } from 'node:net';
import type { AttachOptions } from './attach-options.js';
import { ClientConnection, processFor, type ServerState } from './client-connection.js';
import type { HeldBytes } from './inbound/held-bytes.js';
import { Inbox } from './inbound/inbox.js';
import { ProtocolError } from './protocol-error.js';
import { QuietTimer } from './quiet-timer.js';

/** What all sockets of an attached server have in common. */
export interface Adopter {
  readonly server: Server;
  readonly state: ServerState;
  readonly held: HeldBytes;
  readonly limits: Required<AttachOptions>;
}

const KEEPALIVE_AFTER_MS = 60_000;

/**
 * Stands between a client and thrift, whose server has put its listeners on the socket already: lets whole
 * messages through only, makes them known to the processor as this client's, and cancels its calls when it
 * goes.
 */
export function adoptSocket(socket: Socket, { server, state, held, limits }: Adopter): void {
  const client = new ClientConnection(state, socket);
  const close = (error: unknown): void => {
    inbox.clear();
    server.emit('error', error);
    socket.destroy();
  };
  const inbox = new Inbox(limits.maxFrameBytes, held, {
    deliver: deliverTo(socket, client),
    detected: ({ transport }) => {
      if ((state.transport ?? transport) === transport) return;
      throw new ProtocolError(`a client speaks ${transport} Thrift, and the server ${state.transport}`);
    },
    gaveUp: close,
  });
  const incomplete = new QuietTimer(limits.frameTimeoutMs, () =>
    close(new ProtocolError(`a message was not complete after ${limits.frameTimeoutMs} ms`)),
  );
  const idle = new QuietTimer(limits.idleTimeoutMs, () => {
    if (client.inFlight > 0) idle.restart();
    else socket.destroy();
  });
  idle.restart();
  // A client that vanished without a word is found out.
  socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
  socket.on('data', (chunk: Buffer) => {
    // What comes after the end of a connection, that thrift or this has found, is nobody's.
    if (socket.destroyed) return;
    idle.restart();
    try {
      const anyEnded = inbox.receive(chunk);
      if (!inbox.isPartial) incomplete.stop();
      else if (anyEnded || !incomplete.isRunning) incomplete.restart();
    } catch (error) {
      // Nearly always a ProtocolError; whatever else it is, the connection is at fault, and not the process.
      close(error);
    }
    readNoFasterThanWritten(socket);
  });
  socket.once('close', () => {
    idle.stop();
    incomplete.stop();
    inbox.clear();
    client.leave();
  });
  // Thrift ends a connection on which it can't go on, and would still read all that the client sends.
  socket.once('finish', () => socket.destroy());
}

/** Hands messages to the listeners of thrift. */
function deliverTo(socket: Socket, client: ClientConnection): (messages: Buffer) => boolean {
  const listeners = socket.listeners('data') as ((data: Buffer) => void)[];
  for (const listener of listeners) socket.off('data', listener);
  return (messages) => {
    const before = client.messages;
    processFor(client, () => {
      for (const listener of listeners) listener.call(socket, messages);
    });
    // Thrift met something that it could not read, and said so.
    if (socket.writableEnded) socket.destroy();
    return client.messages > before;
  };
}

/** A client that sends calls and does not take the answers would fill the memory with them. */
function readNoFasterThanWritten(socket: Socket): void {
  if (!socket.writableNeedDrain || socket.isPaused()) return;
  socket.pause();
  socket.once('drain', () => socket.resume());
}
