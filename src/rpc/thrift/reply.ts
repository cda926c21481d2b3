import type { ExceptionConverter } from '../../core/call/convert.js';
import { MESSAGES } from '../../core/call/messages.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { failureOf, Reason, ServiceException } from '../../errors/index.js';
import {
  type ApplicationException,
  applicationException,
  writeApplicationException,
} from './application-exception.js';
import { privateOutput } from './private-output.js';
import { MessageType, type ServerProtocol } from './protocol.js';

/** A message that a client sent. */
export interface Message {
  /** The method's name as the client wrote it. */
  readonly name: string;
  /** The same for logs and traces, with the service. */
  readonly method: string;
  readonly seqid: number;
  /** The client waits for no answer. */
  readonly oneway: boolean;
  /** The server's output, which other messages share. */
  readonly output: ServerProtocol;
}

/**
 * What generated code gives a handler in callback style: it writes a result, or an exception that the method
 * declares. Absent for a method that the IDL declares as oneway.
 */
export type Answer = (error: unknown, result?: unknown) => void;

/** How a call failed. */
export interface FailedCall {
  /** What the client is to be told: a ServiceException, or an exception of the IDL. */
  readonly thrown: unknown;
  /** What the handler threw. */
  readonly error: unknown;
  readonly callId: string;
  readonly as: ExceptionConverter | undefined;
  /** Makes of an exception the one of the same name that the method declares. */
  readonly declared: (exception: unknown) => unknown;
}

/** The one answer to a message. */
export class Reply {
  /** For generated code: nothing that is left in it can reach the client. */
  readonly output: ServerProtocol;
  readonly #message: Message;

  constructor(message: Message) {
    this.#message = message;
    this.output = privateOutput(message.output);
  }

  /** Sends the result; when it does not serialize, a TApplicationException. */
  result(answer: Answer | undefined, result: unknown, callId: () => string): void {
    if (this.#message.oneway) return;
    try {
      if (answer === undefined) this.#void();
      // Not undefined: generated code tells success by `err === null`.
      else answer(null, result);
    } catch (error) {
      const id = callId();
      this.#log(error, id, 'the result of a handler does not serialize');
      this.refuse(applicationException(internal(error, id)));
    }
  }

  /** Sends an exception that the method declares, if there is one; a TApplicationException otherwise. */
  failure(answer: Answer | undefined, failed: FailedCall): void {
    if (this.#message.oneway) return this.#unheard(failed);
    const { thrown, callId } = failed;
    if (thrown instanceof ServiceException) return this.#serviceException(answer, thrown, failed);
    if (this.#declared(answer, failed.declared(thrown))) return;
    this.#log(thrown, callId, 'a handler threw an exception that its method does not declare');
    this.#serviceException(answer, internal(thrown, callId), failed);
  }

  /** Sends a TApplicationException. */
  refuse(exception: ApplicationException): void {
    const { name, seqid, output, oneway } = this.#message;
    if (!oneway) writeApplicationException(privateOutput(output), name, seqid, exception);
  }

  #serviceException(answer: Answer | undefined, exception: ServiceException, failed: FailedCall): void {
    if (failed.as !== undefined) {
      const converted = failed.declared(this.#converted(exception, failed));
      if (this.#declared(answer, converted)) return;
    }
    this.refuse(applicationException(exception));
  }

  #converted(exception: ServiceException, { as, error, callId }: FailedCall): unknown {
    try {
      return as?.(exception, error);
    } catch (broken) {
      this.#log(broken, callId, 'the option "as" threw');
      return undefined;
    }
  }

  /**
   * Lets generated code write an exception. Only generated code knows what the method declares: for anything
   * else it begins a message of the kind EXCEPTION, with the error's own text. That is stopped here.
   */
  #declared(answer: Answer | undefined, exception: unknown): boolean {
    if (answer === undefined || exception === undefined || exception === null) return false;
    const { output } = this;
    const begin = output.writeMessageBegin;
    output.writeMessageBegin = (name, type, seqid) => {
      if (type === MessageType.EXCEPTION) throw UNDECLARED;
      begin.call(output, name, type, seqid);
    };
    try {
      answer(exception);
      return true;
    } catch (error) {
      if (error !== UNDECLARED) this.#log(error, '', 'an exception does not serialize');
      return false;
    }
  }

  /** A client may hold for two-way what the server's IDL calls oneway: it waits. */
  #void(): void {
    const { name, seqid } = this.#message;
    this.output.writeMessageBegin(name, MessageType.REPLY, seqid);
    this.output.writeStructBegin('result');
    this.output.writeFieldStop();
    this.output.writeStructEnd();
    this.output.writeMessageEnd();
    this.output.flush();
  }

  /** No client hears of it. What was masked is in the log already. */
  #unheard({ thrown, callId }: FailedCall): void {
    const masked = thrown instanceof ServiceException && failureOf(thrown) !== undefined;
    if (!masked) this.#log(thrown, callId, 'a oneway call failed');
  }

  #log(error: unknown, callId: string, message: string): void {
    const fields = { callId, method: this.#message.method };
    logger().error({ ...fields, ...errorFields(error, failureOf(error) !== undefined) }, message);
  }
}

/** A message whose arguments are yet to be read. */
export interface Arrival {
  readonly message: Message;
  readonly reply: Reply;
}

const UNDECLARED = new Error('not declared');

function internal(cause: unknown, callId: string): ServiceException {
  const reason = Reason.INTERNAL;
  return new ServiceException('INTERNAL', MESSAGES[reason], { reason, outcome: 'unknown', callId, cause });
}
