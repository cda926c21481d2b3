import { randomUUID } from 'node:crypto';
import type { Call } from '../../core/call/call.js';
import { MESSAGES } from '../../core/call/messages.js';
import type { ResolvedCallOptions } from '../../core/call/options.js';
import { run } from '../../core/call/run-call.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { Reason, ServiceException } from '../../errors/index.js';
import { processedClient } from './client-connection.js';
import { invokeHandler } from './invoke-handler.js';
import type { Answer, Message, Reply } from './reply.js';
import { conversionOf } from './thrift-exception.js';

/** A method of the service. */
export interface Method {
  readonly name: string;
  /** With the service's name, for logs and traces. */
  readonly qualified: string;
  readonly options: ResolvedCallOptions;
}

/** A message, read to its end. */
export interface Request {
  readonly handler: object;
  readonly method: Method;
  readonly args: readonly unknown[];
  readonly answer: Answer | undefined;
  readonly message: Message;
  readonly reply: Reply;
}

/** Runs a method of the handler as a call, and answers. Never throws. */
export function serveCall(request: Request): void {
  const { method, message, reply, answer } = request;
  const client = processedClient();
  const failed = (error: unknown): void =>
    logger().error(
      { method: method.qualified, ...errorFields(error, false) },
      'a reply could not be written',
    );
  // What is oneway can't be told to come again later.
  if (client?.calls.draining && !message.oneway) {
    const thrown = shuttingDown();
    return reply.failure(answer, { thrown, error: thrown, callId: thrown.callId, as: method.options.as });
  }
  client?.calls.begin();
  // Nobody waits for what is oneway: its client may go at once.
  answered(request, message.oneway ? undefined : client?.signal)
    .catch(failed)
    .finally(() => client?.calls.end());
}

function answered(request: Request, signal: AbortSignal | undefined): Promise<void> {
  const { handler, method, args, answer, reply } = request;
  let call: Call | undefined;
  let { as } = method.options;
  let error: unknown;

  async function work(running: Call): Promise<unknown> {
    call = running;
    try {
      return await invokeHandler(handler, method.name, args, answer !== undefined);
    } catch (thrown) {
      // A decorated handler may have made the declared exception already: the engine judges what it is made
      // of, and it is made again at the end.
      const conversion = conversionOf(thrown);
      as ??= conversion?.convert;
      error = conversion === undefined ? thrown : conversion.exception;
      throw error;
    }
  }

  // An id is made when somebody asks for it.
  const callId = (): string => call?.id ?? '';
  // A client that is gone is told nothing.
  const present = (): boolean => signal === undefined || !signal.aborted;
  return run(method.qualified, { ...method.options, as: undefined }, work, { signal, args }).then(
    (result) => {
      if (present()) reply.result(answer, result, callId);
    },
    (thrown) => {
      if (present()) reply.failure(answer, { thrown, error: error ?? thrown, callId: callId(), as });
    },
  );
}

function shuttingDown(): ServiceException {
  const reason = Reason.CLOSED;
  return new ServiceException('UNAVAILABLE', MESSAGES[reason], {
    reason,
    retryable: true,
    callId: randomUUID(),
  });
}
