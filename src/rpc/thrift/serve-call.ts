import { randomUUID } from 'node:crypto';
import type { Call } from '../../core/call/call.js';
import { convert } from '../../core/call/convert.js';
import { openCall, type ResolvedCallOptions, settleOpened } from '../../core/call/index.js';
import { MESSAGES } from '../../core/call/messages.js';
import { verdictOn } from '../../core/call/verdict.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { Reason, ServiceException } from '../../errors/index.js';
import { processedClient } from './client-connection.js';
import { invokeHandler } from './invoke-handler.js';
import type { Method } from './method.js';
import type { Answer, Arrival, FailedCall } from './reply.js';
import { conversionOf } from './thrift-exception.js';

/** Runs a method of the handler as a call, and answers. Never throws. */
export function serveCall(
  handler: object,
  method: Method,
  args: readonly unknown[],
  answer: Answer | undefined,
  { message, reply }: Arrival,
): void {
  const client = processedClient();
  // What is oneway can't be told to come again later.
  if (client?.server.calls.draining && !message.oneway) {
    const thrown = shuttingDown();
    const { as } = method.options;
    const { declared } = method;
    return reply.failure(answer, { thrown, error: thrown, callId: thrown.callId, as, declared });
  }
  // Nobody waits for what is oneway: its client may go at once.
  const awaited = client !== undefined && !message.oneway;
  const call = openCall(method.qualified, method.engine, { cancellable: awaited, args });
  client?.begin(call, awaited);
  const ended = (send: () => void): void => {
    client?.end(call);
    // A client that is gone is told nothing.
    if (client?.gone) return;
    client?.replies();
    sendSafely(method, send);
  };
  settleOpened(
    call,
    method.engine,
    () => invokeHandler(handler, method.name, args, answer !== undefined),
    (result) => ended(() => reply.result(answer, result, () => call.id)),
    (thrown) => ended(() => reply.failure(answer, failedCall(method, call, thrown))),
  );
}

/** The engine is to tell a ServiceException, and not what `as` makes of it. */
export function engineOptions(options: ResolvedCallOptions): ResolvedCallOptions {
  return { ...options, as: rememberError };
}

/** What a handler threw, by the ServiceException that the engine made of it. */
const errors = new WeakMap<ServiceException, unknown>();

function rememberError(exception: ServiceException, error: unknown): ServiceException {
  errors.set(exception, error);
  return exception;
}

/** Whatever failed, so that the reply can tell it. */
function failedCall(method: Method, call: Call, thrown: unknown): FailedCall {
  const { declared, options } = method;
  // A decorated handler may have made the declared exception already. What it was made of is judged by what
  // this call knows of its effects, and it is made again.
  const conversion = conversionOf(thrown);
  if (conversion === undefined) {
    const error = thrown instanceof ServiceException ? errors.get(thrown) : thrown;
    return { thrown, error, callId: call.id, as: options.as, declared };
  }
  const { exception, convert: as } = conversion;
  const judged = convert(call, exception, verdictOn(call, exception));
  return { thrown: judged, error: exception, callId: call.id, as: options.as ?? as, declared };
}

function sendSafely(method: Method, send: () => void): void {
  try {
    send();
  } catch (error) {
    const fields = { method: method.qualified, ...errorFields(error, false) };
    logger().error(fields, 'a reply could not be written');
  }
}

function shuttingDown(): ServiceException {
  const reason = Reason.CLOSED;
  return new ServiceException('UNAVAILABLE', MESSAGES[reason], {
    reason,
    retryable: true,
    callId: randomUUID(),
  });
}
