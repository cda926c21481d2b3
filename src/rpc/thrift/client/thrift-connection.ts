import type { Socket } from 'node:net';

/**
 * What is used of a connection of npm thrift: of `createConnection`, `createUDSConnection` and
 * `createSSLConnection`. Those over HTTP and web sockets have no connection to look after.
 */
export interface ThriftConnection {
  readonly connection: Socket;
  readonly connected: boolean;
  // Classes at run time; the declared types say that they are instances.
  readonly transport: unknown;
  readonly protocol: unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  once(event: 'connect' | 'close', listener: () => void): unknown;
}

/** A generated client, as connections and generated code see it. */
export interface GeneratedClient {
  _seqid: number;
  /** The transport that messages are written to. */
  output: object;
  /** The callbacks of calls that have not been answered. */
  readonly _reqs: Record<number, (error: unknown, result?: unknown) => void>;
  new_seqid(): number;
  seqid(): number;
}

export interface GeneratedClientClass {
  readonly prototype: object;
  new (transport: object, protocol: unknown): GeneratedClient;
}

type TransportClass = new (buffer: undefined, onFlush: (message: Buffer) => void) => object;
type ProtocolClass = new (
  ...args: unknown[]
) => {
  writeMessageBegin(name: string, type: number, seqid: number): void;
};

/**
 * A generated client on a connection, as thrift's createClient and Multiplexer make it.
 *
 * @param write what happens with each message.
 * @param service its name on a multiplexed server.
 */
export function generatedClientOn(
  connection: ThriftConnection,
  Client: GeneratedClientClass,
  service: string | undefined,
  write: (message: Buffer) => void,
): GeneratedClient {
  const Protocol = connection.protocol as ProtocolClass;
  const client = new Client(
    outputOn(connection, write),
    service === undefined ? Protocol : multiplexed(Protocol, service),
  );
  // Here the connection looks for whom a reply is.
  Object.assign(connection, { client });
  return client;
}

/** What messages are written to; nothing of a message that failed half-way may be left in it. */
export function outputOn(connection: ThriftConnection, write: (message: Buffer) => void): object {
  return new (connection.transport as TransportClass)(undefined, write);
}

function multiplexed(Protocol: ProtocolClass, service: string): ProtocolClass {
  return class extends Protocol {
    override writeMessageBegin(name: string, type: number, seqid: number): void {
      super.writeMessageBegin(`${service}:${name}`, type, seqid);
    }
  };
}
