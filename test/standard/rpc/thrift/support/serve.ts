import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import thrift, {
  type Connection,
  type ConnectOptions,
  type TClientConstructor,
  type TProtocolConstructor,
  type TTransportConstructor,
} from 'thrift';
import { onTestFinished } from 'vitest';
import {
  type AttachedServer,
  type AttachOptions,
  attach,
  type ThriftProcessor,
} from '../../../../../src/rpc/thrift/index.js';

/** A transport and a protocol, as servers and clients take them. */
export interface Wire {
  readonly transport: TTransportConstructor;
  readonly protocol: TProtocolConstructor;
}

export const framedBinary: Wire = { transport: thrift.TFramedTransport, protocol: thrift.TBinaryProtocol };

/** Every pair of the library. */
export const wires: readonly (readonly [name: string, wire: Wire])[] = [
  ['framed', thrift.TFramedTransport],
  ['buffered', thrift.TBufferedTransport],
].flatMap(([name, transport]) =>
  [
    ['binary', thrift.TBinaryProtocol],
    ['compact', thrift.TCompactProtocol],
    ['JSON', thrift.TJSONProtocol],
  ].map(([kind, protocol]) => [`${name} ${kind}`, { transport, protocol } as Wire] as const),
);

/** A server that is up. */
export interface Served {
  readonly server: Server;
  readonly port: number;
  readonly attached: AttachedServer;
  /** A new client over a connection of its own. */
  client<C>(service: TClientConstructor<C>): C;
  /** A new connection. */
  connect(): Connection;
}

// @types/thrift lacks createMultiplexServer, and the options that name classes.
interface Library {
  createMultiplexServer(processor: ThriftProcessor, options: Wire): Server;
  createServer(processor: unknown, handler: unknown, options: Wire): Server;
}
const library = thrift as unknown as Library;

/** Serves until the test is over. */
export async function serve(
  processor: ThriftProcessor,
  wire: Wire = framedBinary,
  options: AttachOptions = {},
): Promise<Served> {
  // A fresh processor goes where its generated class would; a MultiplexedProcessor can't.
  const server =
    typeof processor === 'function'
      ? library.createServer(processor, undefined, wire)
      : library.createMultiplexServer(processor, wire);
  const attached = attach(server, options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => attached.drain(0));
  const connect = (): Connection => open(port, wire);
  return { server, port, attached, connect, client: (service) => thrift.createClient(service, connect()) };
}

function open(port: number, wire: ConnectOptions): Connection {
  const connection = thrift.createConnection('127.0.0.1', port, wire);
  connection.on('error', () => undefined);
  onTestFinished(() => connection.end());
  return connection;
}

/** All that a connection receives, as text; and its frames, for a framed transport. */
export function received(connection: Connection): { text(): string; frames(): Buffer[] } {
  const chunks: Buffer[] = [];
  const socket: Socket = connection.connection;
  socket.on('data', (chunk) => chunks.push(chunk));
  return {
    text: () => Buffer.concat(chunks).toString('latin1'),
    frames: () => {
      const frames: Buffer[] = [];
      let rest = Buffer.concat(chunks);
      while (rest.length >= 4) {
        const end = 4 + rest.readUInt32BE(0);
        frames.push(rest.subarray(4, end));
        rest = rest.subarray(end);
      }
      return frames;
    },
  };
}
