import { type ServerProtocol, transportOf } from './protocol.js';

type TransportClass = new (buffer: Buffer, onFlush: (message: Buffer) => void) => object;
type ProtocolClass = new (transport: object) => ServerProtocol;

/** Nothing is read from an output. */
const NO_INPUT: Buffer = Buffer.alloc(0);

/**
 * A new protocol and transport, of the kind that the server uses, that end in the same socket.
 *
 * npm thrift gives one output to all messages of a chunk of data. What is left in it by a result that failed
 * half-way would go out before the next reply. Constructor and `onFlush` are used as thrift's server.js does.
 */
export function privateOutput(shared: ServerProtocol): ServerProtocol {
  const transport = transportOf(shared);
  const Transport = transport.constructor as TransportClass;
  const Protocol = shared.constructor as ProtocolClass;
  return new Protocol(new Transport(NO_INPUT, transport.onFlush));
}
