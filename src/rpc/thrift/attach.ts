import { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { show } from '../../core/process/check-options.js';
import { globalState } from '../../core/process/global-state.js';
import { type Adopter, adoptSocket } from './adopt-socket.js';
import { type AttachOptions, drainMsOption, resolveAttachOptions } from './attach-options.js';
import { CallsInFlight } from './calls-in-flight.js';
import { drainServer } from './drain-server.js';
import { HeldBytes } from './inbound/held-bytes.js';
import { listenForErrors } from './server-errors.js';

/** A server that {@link attach} looks after. */
export interface AttachedServer {
  /** Calls that have not been answered yet, over all clients. */
  readonly callsInFlight: number;
  /** Open connections. */
  readonly connections: number;
  /** Bytes of messages that have not come to their end, over all clients. */
  readonly heldBytes: number;
  /**
   * Shuts the server down: it takes no more connections, answers further calls with UNAVAILABLE (reason
   * `CLOSED`, retryable, without effect), waits for the calls in flight and closes the connections. At the
   * deadline what is still running is cancelled. Draining twice is draining once.
   *
   * @param drainMs the deadline, in milliseconds. Default: the option of the same name.
   */
  drain(drainMs?: number): Promise<void>;
}

const OWNER = 'attach';
const attached: WeakSet<object> = globalState('thrift.attached', () => new WeakSet());

/**
 * Adds to a server of npm thrift what it lacks: garbage, an HTTP request or a reset from one client does not
 * end the process, no client can take more memory or time than the limits allow, a client that goes away
 * cancels its calls, and the server can be drained. Call it before the server listens, for plain, TLS and unix
 * socket servers alike, framed or buffered, in any protocol; calls are those of {@link freshProcessor}.
 *
 * ```ts
 * const attached = attach(server, { maxFrameBytes: 1_000_000, maxConnections: 500 });
 * process.once('SIGTERM', () => attached.drain());
 * ```
 *
 * A connection on which something comes that is no message, or more than is allowed, is destroyed, and the
 * log says why.
 *
 * @param server what `thrift.createServer` or `createMultiplexServer` returned.
 * @throws TypeError for anything else, for an unknown option, and for a server that is attached already;
 * RangeError for a limit that is none.
 */
export function attach(server: Server, options: AttachOptions = {}): AttachedServer {
  checkServer(server);
  const limits = resolveAttachOptions(OWNER, options);
  attached.add(server);

  const calls = new CallsInFlight();
  const held = new HeldBytes(limits.maxHeldBytes);
  const adopter: Adopter = { server, state: { calls, transport: undefined }, held, limits };
  // Node closes the connections beyond it itself, before anybody hears of them.
  if (limits.maxConnections !== Number.POSITIVE_INFINITY) server.maxConnections = limits.maxConnections;
  // With TLS the sockets below: some of them have not shaken hands yet.
  const connections = trackSockets(server, 'connection');
  const clients = trackSockets(server, clientEvent(server));
  server.on(clientEvent(server), (socket: Socket) => adoptSocket(socket, adopter));
  listenForErrors(server);

  let drained: Promise<void> | undefined;
  return {
    get callsInFlight() {
      return calls.count;
    },
    get connections() {
      return connections.size;
    },
    get heldBytes() {
      return held.total;
    },
    drain(drainMs) {
      const ms = drainMsOption(OWNER, drainMs, limits.drainMs);
      drained ??= drainServer({ server, calls, clients, connections }, ms);
      return drained;
    },
  };
}

type ConnectionEvent = 'connection' | 'secureConnection';

/** The event on which thrift puts its listeners on a socket; that of TLS comes after the handshake. */
function clientEvent(server: Server): ConnectionEvent {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}

function trackSockets(server: Server, event: ConnectionEvent): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}

function checkServer(server: unknown): void {
  const { on, close } = (server ?? {}) as { on?: unknown; close?: unknown };
  if (typeof on !== 'function' || typeof close !== 'function' || server instanceof HttpServer) {
    const got = server instanceof HttpServer ? 'an HTTP server' : show(server);
    throw new TypeError(
      `${OWNER}: expected a server of thrift.createServer or createMultiplexServer, got ${got}`,
    );
  }
  if (attached.has(server as object)) throw new TypeError(`${OWNER}: the server is attached already`);
}
