/**
 * What this toolkit needs of npm thrift's protocols and transports, which are handed to it by a server. It
 * imports nothing of thrift, so that a service may bring any copy of the library, and so that no types need
 * be installed beside it.
 */
export interface ServerProtocol {
  readMessageBegin(): MessageHeader;
  readMessageEnd(): void;
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
  // Not part of the declared types of any transport: see private-output.ts.
  getTransport(): object;
}

/** The head of a message, as every protocol reads it. */
export interface MessageHeader {
  /** The method. */
  readonly fname: string;
  readonly mtype: number;
  /** The client's number of the call; the reply carries it back. */
  readonly rseqid: number;
}

/** Kinds of messages, as the Thrift protocols define them. */
export const MessageType = { CALL: 1, REPLY: 2, EXCEPTION: 3, ONEWAY: 4 } as const;

/** The types of fields that are written or skipped here, as the Thrift protocols define them. */
export const FieldType = { I32: 8, STRING: 11, STRUCT: 12 } as const;
