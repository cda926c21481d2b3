import type { ServiceException } from '../../errors/index.js';
import { FieldType, MessageType, type ServerProtocol } from './protocol.js';

/** The types of a TApplicationException that are sent here, as every Thrift library knows them. */
const ApplicationExceptionType = { UNKNOWN_METHOD: 1, INTERNAL_ERROR: 6 } as const;

/** What a client is told by a method that declares no fitting exception. */
export interface ApplicationException {
  readonly type: number;
  readonly message: string;
}

/**
 * A ServiceException as a TApplicationException, which has room for nothing but a type and a text. The text
 * is `STATUS REASON: message (call ID)`, so that a client can take it apart:
 * `UNAVAILABLE CONNECTION_LOST: a connection was lost (call 6f1c…)`.
 */
export function applicationException(exception: ServiceException): ApplicationException {
  const { status, reason, message, callId } = exception;
  const type =
    status === 'UNIMPLEMENTED'
      ? ApplicationExceptionType.UNKNOWN_METHOD
      : ApplicationExceptionType.INTERNAL_ERROR;
  return { type, message: `${status} ${reason}: ${message} (call ${callId})` };
}

/** The answer to a method that the service does not have. */
export function unknownMethod(name: string): ApplicationException {
  const shown = name.length > MAX_SHOWN_NAME ? `${name.slice(0, MAX_SHOWN_NAME)}…` : name;
  return {
    type: ApplicationExceptionType.UNKNOWN_METHOD,
    message: `UNIMPLEMENTED ${UNKNOWN_METHOD}: unknown function ${shown}`,
  };
}

const MAX_SHOWN_NAME = 80;
const UNKNOWN_METHOD = 'UNKNOWN_METHOD';

/**
 * Writes a whole message. The library's own class never sends its type: the constructor sets `type`, `write`
 * reads `code`.
 */
export function writeApplicationException(
  output: ServerProtocol,
  method: string,
  seqid: number,
  { type, message }: ApplicationException,
): void {
  output.writeMessageBegin(method, MessageType.EXCEPTION, seqid);
  output.writeStructBegin('TApplicationException');
  output.writeFieldBegin('message', FieldType.STRING, 1);
  output.writeString(message);
  output.writeFieldEnd();
  output.writeFieldBegin('type', FieldType.I32, 2);
  output.writeI32(type);
  output.writeFieldEnd();
  output.writeFieldStop();
  output.writeStructEnd();
  output.writeMessageEnd();
  output.flush();
}
