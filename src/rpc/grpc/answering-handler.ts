import type {
  handleUnaryCall,
  Metadata,
  ServerReadableStream,
  ServerUnaryCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import { addsNothing, type Call, inScopeOf } from '../../core/call/index.js';
import { optionsOf, originalOf } from '../../core/decorate/index.js';
import { isThenable } from '../../core/process/thenable.js';
import { guardEvents } from './guarded-events.js';
import { type AnyHandler, returnsItsAnswer } from './handler-style.js';
import { keepingMessage } from './kept-reply.js';
import type { MethodPlan } from './method-plan.js';
import { logThrown, runInCall } from './run-in-call.js';
import { statusOf } from './status-of.js';

/** grpc-js gives unary methods a request, client streams an iterator. */
type AnsweringCall = ServerUnaryCall<unknown, unknown> & {
  iterator?: ServerReadableStream<unknown, unknown>['iterator'];
};

/** What a handler of grpc-js' style answers with. */
interface Answer {
  readonly message: unknown;
  readonly trailer?: Metadata | undefined;
  readonly flags?: number | undefined;
}

/** A handler of unary and client stream methods, in either style. */
export function answering(
  plan: MethodPlan,
  decorated: AnyHandler,
  instance: object,
): handleUnaryCall<unknown, unknown> {
  const bare = addsNothing(optionsOf(decorated) ?? {}, plan.options);
  const handler = (bare ? originalOf(decorated) : decorated).bind(instance);
  return returnsItsAnswer(decorated) ? returning(plan, handler) : callingBack(plan, handler);
}

function returning(plan: MethodPlan, handler: AnyHandler): handleUnaryCall<unknown, unknown> {
  return (call: AnsweringCall, callback) => {
    runInCall(plan, call, {
      work: (scope) => {
        guardEvents(call, (run) => inScopeOf(scope, run), logThrown(plan));
        return handler(plan.requestStream ? requestsOf(call) : call.request, call);
      },
      done: (message) => callback(null, message),
      failed: (error) => callback(statusOf(error)),
    });
  };
}

function callingBack(plan: MethodPlan, handler: AnyHandler): handleUnaryCall<unknown, unknown> {
  const keeping = { ...plan, options: keepingMessage(plan.options, messageOf, answerOf) };
  return (call, callback) => {
    runInCall(keeping, call, {
      work: (scope) => calledBack(plan, handler, call, scope),
      done: ({ message, trailer, flags }) => callback(null, message, trailer, flags),
      failed: (error) => callback(statusOf(error)),
    });
  };
}

function messageOf({ message }: Answer): unknown {
  return message;
}

function answerOf(message: unknown): Answer {
  return { message };
}

function calledBack(
  { name }: MethodPlan,
  handler: AnyHandler,
  call: AnsweringCall,
  scope: Call,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    guardEvents(call, (run) => inScopeOf(scope, run), reject);
    call.once('error', reject);
    call.once('close', () => reject(new Error('the call was destroyed')));
    const callback: sendUnaryData<unknown> = (error, message, trailer, flags) => {
      if (error) reject(error);
      else resolve({ message, trailer, flags });
    };
    const result = handler(call, callback);
    if (!isThenable(result)) return;
    result.then((value) => {
      // It took `call` for the request and `callback` for the call: say so, instead of never answering.
      if (value === undefined) return;
      reject(
        new TypeError(`the handler of ${name} has two parameters and returns a promise: declare it async`),
      );
    }, reject);
  });
}

/** The requests of a stream. Leaving the loop early must not destroy the call: the answer goes the same way. */
export function requestsOf(call: Pick<AnsweringCall, 'iterator'>): AsyncIterable<unknown> {
  if (call.iterator === undefined) throw new TypeError('the call has no requests to iterate over');
  const iterator = call.iterator({ destroyOnReturn: false });
  return { [Symbol.asyncIterator]: () => iterator };
}
