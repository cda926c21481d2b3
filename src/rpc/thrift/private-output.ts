import { type ServerProtocol, type ServerTransport, transportOf } from './protocol.js';

type TransportClass = new (buffer: undefined, onFlush: ServerTransport['onFlush']) => object;
type ProtocolClass = new (transport: object) => ServerProtocol;

/** What the transports of npm thrift write to. */
interface Written {
  outBuffers: Buffer[];
  outCount: number;
  onFlush: ServerTransport['onFlush'];
}

/**
 * A new protocol and transport, of the kind that the server uses, that end in the same socket.
 *
 * npm thrift gives one output to all messages of a chunk of data. What is left in it by a result that failed
 * half-way would go out before the next reply. Constructor and `onFlush` are used as thrift's server.js does.
 */
export function privateOutput(shared: ServerProtocol): ServerProtocol {
  const Protocol = shared.constructor as ProtocolClass;
  return new Protocol(outputTransport(transportOf(shared)));
}

function outputTransport(shared: ServerTransport): object {
  const { onFlush } = shared;
  if (!('outBuffers' in shared && 'outCount' in shared)) {
    return new (shared.constructor as TransportClass)(undefined, onFlush);
  }
  // Without the constructor, which makes a kilobyte to read into for every reply.
  const transport: Written = Object.create(Object.getPrototypeOf(shared));
  transport.outBuffers = [];
  transport.outCount = 0;
  transport.onFlush = onFlush;
  return transport;
}
