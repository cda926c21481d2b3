import { processedClient } from './client-connection.js';
import { MessageType, type ServerProtocol, transportOf } from './protocol.js';
import { ProtocolError } from './protocol-error.js';
import { guardReads } from './read-guards.js';

/** The head of a message that a client may send. */
export interface MessageHead {
  readonly name: string;
  readonly seqid: number;
  readonly oneway: boolean;
}

/**
 * Reads a message with `read`, synchronously to its last byte: Thrift's servers go on to the next one at once.
 *
 * @throws ProtocolError for what is no message; what thrift's server waits with, or stops at, when there is
 * no more.
 */
export function readMessage(
  input: ServerProtocol,
  maxElements: number,
  read: (head: MessageHead) => void,
): void {
  if (isAtEnd(input)) throw NO_MORE;
  const client = processedClient();
  try {
    const head = readHead(input);
    client?.reads(transportOf(input).writeCursor === undefined ? 'framed' : 'buffered');
    guardReads(input, client !== undefined, maxElements);
    read(head);
  } catch (error) {
    throw client === undefined ? error : outspoken(error);
  }
}

/**
 * After the last message of a chunk, npm thrift's server tries one more and goes by the error, whose stack
 * takes longer than to read a message. This is the other error that it knows, and has none.
 */
const NO_MORE: Error = withoutStack('Invalid type: undefined');

function withoutStack(message: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error(message);
  Error.stackTraceLimit = limit;
  return error;
}

function isAtEnd(input: ServerProtocol): boolean {
  // A MultiplexedProcessor has read the head already; of the JSON protocol nothing is left then.
  if (Object.hasOwn(input, 'readMessageBegin')) return false;
  const { readIndex, writeIndex } = transportOf(input).borrow();
  return readIndex >= writeIndex;
}

function readHead(input: ServerProtocol): MessageHead {
  const { fname, mtype, rseqid: seqid } = input.readMessageBegin();
  // In the binary protocol's old form the name is a buffer; in JSON it may be anything.
  const name = Buffer.isBuffer(fname) ? fname.toString() : fname;
  if (mtype !== MessageType.CALL && mtype !== MessageType.ONEWAY) {
    throw new ProtocolError(`a message of type ${typeof mtype === 'number' ? mtype : typeof mtype}`);
  }
  if (typeof name !== 'string' || !Number.isInteger(seqid)) throw new ProtocolError('a malformed message');
  return { name, seqid, oneway: mtype === MessageType.ONEWAY };
}

/**
 * An attached server is given whole messages only. One that ends before its last field will not go on: npm
 * thrift would say nothing and wait, and so would the client.
 */
function outspoken(error: unknown): unknown {
  const { name, message } = error as Error;
  const waits = name === 'InputBufferUnderrunError' || message === NO_MORE.message;
  return waits && error !== NO_MORE ? new ProtocolError('a message that ends before its last field') : error;
}
