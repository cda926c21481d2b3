import type { EventEmitter } from 'node:events';
import type { Metadata, ServerInterceptingCallInterface, sendUnaryData } from '@grpc/grpc-js';
import { isThenable } from '../../core/process/thenable.js';
import { ServiceException } from '../../errors/index.js';
import { Attempt } from './attempt.js';
import { meantForClients } from './error-behind.js';
import { type GrpcStatus, StatusException } from './grpc-status.js';
import { guardEvents } from './guarded-events.js';
import { MASKED, statusOf } from './status-of.js';

/*
 * grpc-js makes a status of an error before an interceptor sees it: the text of `callback(err)` is in the
 * status, whether an author or a driver wrote it, and the error object is gone. A rejection of an async
 * handler never arrives at all, it ends the process. So the handler itself has to be watched. Its function is
 * reached through a field that grpc-js keeps private: `handler` of the innermost call (1.14; found by walking
 * down `nextCall`). Where the field is not as expected nothing is watched, and error-behind.ts goes by the
 * status alone, strictly. `handlers()` depends on none of this.
 */
interface RawHandler {
  func: RawFunction;
  readonly type: 'unary' | 'clientStream' | 'serverStream' | 'bidi';
}

type RawFunction = (stream: RawCall, respond?: Respond) => unknown;
type Respond = sendUnaryData<unknown>;

/** The call object of a handler: for all but unary methods a stream. */
interface RawCall extends EventEmitter {
  sendMetadata(metadata: Metadata): void;
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
}

const watched: WeakSet<RawFunction> = new WeakSet();

/**
 * Sees to it that the attempt is told of every error of the handler behind this call, thrown, rejected,
 * passed to the callback or emitted.
 *
 * @returns whether that is possible.
 */
export function watchHandler(call: ServerInterceptingCallInterface): boolean {
  const handler = innermost(call).handler as RawHandler | undefined;
  if (typeof handler?.func !== 'function') return false;
  if (!watched.has(handler.func)) {
    handler.func = isAnswering(handler) ? watchAnswering(handler.func) : watchStreaming(handler.func);
    watched.add(handler.func);
  }
  return true;
}

function isAnswering({ type }: RawHandler): boolean {
  return type === 'unary' || type === 'clientStream';
}

type Inner = Readonly<Record<string, unknown>>;

function innermost(call: object): Inner {
  let inner = call as Inner;
  while (typeof inner.nextCall === 'object' && inner.nextCall !== null) inner = inner.nextCall as Inner;
  return inner;
}

/**
 * Unary and client stream: the handler answers through a callback. Answers are tied to their attempt, because
 * callbacks of drivers run in whatever scope their connection was made in.
 */
function watchAnswering(func: RawFunction): RawFunction {
  return (stream, respond) => {
    const attempt = attemptOf(stream);
    if (attempt === undefined || respond === undefined) return func(stream, respond);
    const fail = (error: unknown, trailer?: Parameters<Respond>[2]): void => {
      const meant = meantForClients(error);
      // An author's status object is a status already: nothing is lost on its way.
      if (!(meant instanceof StatusException)) attempt.raise(error);
      attempt.enter(() => respond(preview(meant), null, trailer));
    };
    const answer: Respond = (error, ...reply) => {
      if (error) fail(error, reply[1]);
      else attempt.enter(() => respond(null, ...reply));
    };
    watchEvents(stream, attempt, fail);
    return attempt.enter(() => guard(() => func(stream, answer), fail));
  };
}

/** Server stream and bidi: the handler answers through the stream, whose 'error' becomes the status. */
function watchStreaming(func: RawFunction): RawFunction {
  return (stream) => {
    const attempt = attemptOf(stream);
    if (attempt === undefined) return func(stream);
    const fail = (error: unknown): void => {
      attempt.raise(error);
      if (stream.writableEnded !== true && stream.destroyed !== true) stream.emit('error', emittable(error));
    };
    watchEvents(stream, attempt, fail);
    return attempt.enter(() => guard(() => func(stream), fail));
  };
}

/**
 * What happens to the call's object beside what the handler does of its own accord. It goes by what is emitted:
 * listeners of its own would cost every call more.
 */
function watchEvents(stream: RawCall, attempt: Attempt, fail: (error: unknown) => void): void {
  guardEvents(
    stream,
    (emit, event, value) => {
      if (event === 'error') attempt.raise(value);
      // A stream that was destroyed sends no status: its client would wait for ever.
      else if (event === 'close' && !attempt.settled && stream.writableFinished !== true)
        attempt.fail(meantForClients(attempt.raised?.error ?? new Error('the call was destroyed')));
      return attempt.enter(emit);
    },
    fail,
  );
}

/** What a handler throws and what its promise rejects with, caught alike. */
function guard(run: () => unknown, fail: (error: unknown) => void): void {
  try {
    const returned = run();
    if (isThenable(returned)) returned.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

/**
 * The attempt that a handler's call object belongs to: down from the object's own call, because that holds
 * even where an interceptor in between has lost the scope; else by the scope.
 */
function attemptOf(stream: RawCall): Attempt | undefined {
  let inner = (stream as unknown as Inner).call as Inner | undefined;
  while (typeof inner === 'object' && inner !== null) {
    const attempt = inner.runningAttempt;
    if (attempt instanceof Attempt) return attempt;
    inner = inner.nextCall as Inner | undefined;
  }
  return Attempt.current();
}

/** What interceptors near the handler see of a failure, before the engine has judged it. */
function preview(meant: unknown): GrpcStatus {
  return meant instanceof ServiceException ? statusOf(meant) : MASKED;
}

/** grpc-js looks into the error for a message: it must be an object. */
function emittable(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : MASKED;
}
