import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { type Call, inScopeOf } from '../../core/call/index.js';
import { requestsOf } from './answering-handler.js';
import { type AnyHandler, yieldsItsMessages } from './handler-style.js';
import type { MethodPlan } from './method-plan.js';
import { runInCall } from './run-in-call.js';
import { statusOf } from './status-of.js';

/** grpc-js gives server streams a request, bidi streams an iterator. */
type StreamingCall = ServerDuplexStream<unknown, unknown> & { request?: unknown };

/** A handler of server stream and bidi methods, in the style of grpc-js. */
export function streaming(
  plan: MethodPlan,
  handler: AnyHandler,
  instance: object,
): handleBidiStreamingCall<unknown, unknown> {
  const send = yieldsItsMessages(handler) ? yielded : written;
  return (stream: StreamingCall) => {
    runInCall(plan, stream, {
      work: (call) => send(plan, handler.bind(instance), stream, call),
      done: () => stream.end(),
      failed: (error) => {
        Reflect.deleteProperty(stream, 'emit');
        stream.emit('error', statusOf(error));
      },
    });
  };
}

/** An async generator: it is asked for the next message when the client has room, and closed when it left. */
async function yielded(
  plan: MethodPlan,
  handler: AnyHandler,
  stream: StreamingCall,
  call: Call,
): Promise<void> {
  const messages = handler(plan.requestStream ? requestsOf(stream) : stream.request, stream);
  for await (const message of messages as AsyncIterable<unknown>) {
    if (call.aborted !== undefined) return;
    if (!stream.write(message)) await roomIn(stream);
  }
}

function roomIn(stream: StreamingCall): Promise<void> {
  return new Promise((resolve) => {
    const ready = (): void => {
      stream.removeListener('drain', ready);
      stream.removeListener('close', ready);
      resolve();
    };
    stream.once('drain', ready);
    stream.once('close', ready);
  });
}

/**
 * The style of grpc-js: the handler writes to the stream and ends it. Its listeners run in the call's scope;
 * its 'error' is the handler's failure, which grpc-js must not see before it is safe to show.
 */
function written(_plan: MethodPlan, handler: AnyHandler, stream: StreamingCall, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const emit = stream.emit.bind(stream) as (event: string | symbol, ...args: unknown[]) => boolean;
    const inScope = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== 'error') return inScopeOf(call, () => emit(event, ...args));
      reject(args[0]);
      return true;
    };
    stream.emit = inScope as typeof stream.emit;
    stream.once('finish', resolve);
    stream.once('close', resolve);
    const result = handler(stream);
    if (result instanceof Promise) result.catch(reject);
  });
}
