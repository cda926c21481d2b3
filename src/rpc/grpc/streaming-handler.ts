import type {
  handleBidiStreamingCall,
  ServerDuplexStream,
  ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import { type Call, inScopeOf } from '../../core/call/index.js';
import { optionsOf } from '../../core/decorate/index.js';
import { isThenable } from '../../core/process/thenable.js';
import { requestsOf } from './answering-handler.js';
import { guardEvents, guardsOf, restoreGuards } from './guarded-events.js';
import { type AnyHandler, yieldsItsMessages } from './handler-style.js';
import type { MethodPlan } from './method-plan.js';
import { logThrown, runInCall } from './run-in-call.js';
import { statusOf } from './status-of.js';

/** grpc-js gives server streams a request, bidi streams an iterator; what is under a stream is private. */
type StreamingCall = ServerDuplexStream<unknown, unknown> & {
  request?: unknown;
  readonly call?: Partial<ServerInterceptingCallInterface>;
};

const DESTROYED = 'the call was destroyed';

/** A handler of server stream and bidi methods, in the style of grpc-js. */
export function streaming(
  given: MethodPlan,
  handler: AnyHandler,
  instance: object,
): handleBidiStreamingCall<unknown, unknown> {
  const yields = yieldsItsMessages(handler);
  const send = yields ? yielded : written;
  const idempotent = optionsOf(handler)?.idempotent ?? given.options.idempotent;
  // Of a handler that writes by itself nobody can tell to which run a message belongs.
  const repeats = idempotent && yields && !given.requestStream;
  const plan = { ...given, options: { ...given.options, idempotent: repeats } };
  return (stream: StreamingCall) => {
    const guards = guardsOf(stream);
    runInCall(plan, stream, {
      work: (call) => send(plan, handler.bind(instance), stream, call),
      done: () => stream.end(),
      failed: (error) => {
        Reflect.deleteProperty(stream, 'emit');
        restoreGuards(stream, guards);
        fail(stream, error);
      },
    });
  };
}

/** A stream that was destroyed sends nothing any more, and its client would wait for ever. */
function fail(stream: StreamingCall, error: unknown): void {
  const status = statusOf(error);
  if (stream.destroyed) stream.call?.sendStatus?.({ metadata: null, ...status });
  else stream.emit('error', status);
}

/** An async generator: it is asked for the next message when the client has room, and closed when it left. */
async function yielded(
  plan: MethodPlan,
  handler: AnyHandler,
  stream: StreamingCall,
  call: Call,
): Promise<void> {
  guardEvents(stream, (run) => inScopeOf(call, run), logThrown(plan));
  const messages = handler(plan.requestStream ? requestsOf(stream) : stream.request, stream);
  for await (const message of messages as AsyncIterable<unknown>) {
    if (call.aborted !== undefined) return;
    call.noteReply();
    if (!stream.destroyed && !stream.write(message)) await roomIn(stream);
    if (stream.destroyed) throw new Error(DESTROYED);
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
    guardEvents(stream, (run) => inScopeOf(call, run), reject);
    const emit = stream.emit.bind(stream) as (event: string | symbol, ...args: unknown[]) => boolean;
    const settling = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== 'error') return emit(event, ...args);
      reject(args[0]);
      return true;
    };
    stream.emit = settling as typeof stream.emit;
    stream.once('finish', resolve);
    stream.once('close', () => reject(new Error(DESTROYED)));
    const result = handler(stream);
    if (isThenable(result)) result.then(undefined, reject);
  });
}
