/**
 * What this toolkit needs of npm thrift's protocols and transports, which are handed to it by a server. It
 * imports nothing of thrift, so that a service may bring any copy of the library, and so that no types need
 * be installed beside it.
 */
export interface ServerProtocol {
  readMessageBegin(): MessageHeader;
  readMessageEnd(): void;
  readStructBegin(): unknown;
  readMapBegin(): MapHeader;
  readListBegin(): ListHeader;
  readSetBegin(): ListHeader;
  skip(type: number): void;
  writeMessageBegin(name: string, type: number, seqid: number): void;
  writeMessageEnd(): void;
  writeStructBegin(name: string): void;
  writeStructEnd(): void;
  writeFieldBegin(name: string, type: number, id: number): void;
  writeFieldEnd(): void;
  writeFieldStop(): void;
  writeI32(value: number): void;
  writeString(value: string): void;
  flush(): void;
  // Its parts are no part of the declared types of any transport: see ServerTransport.
  getTransport(): object;
}

/** What is used of a transport beside reading and writing. */
export interface ServerTransport {
  /** What came, and how far it has been read. */
  borrow(): { readonly readIndex: number; readonly writeIndex: number };
  /** Throws when fewer bytes are there; a server then waits for more. */
  ensureAvailable(bytes: number): void;
  /** Where a reply goes. */
  readonly onFlush: (message: Buffer) => void;
  /** Only of buffered transports. */
  readonly writeCursor?: number;
}

/** The head of a message, as every protocol reads it. */
export interface MessageHeader {
  /** The method. */
  readonly fname: string;
  readonly mtype: number;
  /** The client's number of the call; the reply carries it back. */
  readonly rseqid: number;
}

/** The head of a list or a set. */
export interface ListHeader {
  readonly etype: number;
  readonly size: number;
}

/** The head of a map. */
export interface MapHeader {
  readonly ktype: number;
  readonly vtype: number;
  readonly size: number;
}

/** The transport under a protocol. */
export function transportOf(protocol: ServerProtocol): ServerTransport {
  return protocol.getTransport() as ServerTransport;
}

/** Kinds of messages, as the Thrift protocols define them. */
export const MessageType = { CALL: 1, REPLY: 2, EXCEPTION: 3, ONEWAY: 4 } as const;

/** The types of fields, as the Thrift protocols define them. */
export const FieldType = {
  STOP: 0,
  BOOL: 2,
  BYTE: 3,
  DOUBLE: 4,
  I16: 6,
  I32: 8,
  I64: 10,
  STRING: 11,
  STRUCT: 12,
  MAP: 13,
  SET: 14,
  LIST: 15,
  UUID: 16,
} as const;
