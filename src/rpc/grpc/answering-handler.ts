import type {
  handleUnaryCall,
  Metadata,
  ServerReadableStream,
  ServerUnaryCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import { isThenable } from '../../core/decorate/index.js';
import { type AnyHandler, returnsItsAnswer } from './handler-style.js';
import type { MethodPlan } from './method-plan.js';
import { runInCall } from './run-in-call.js';
import { statusOf } from './status-of.js';

/** grpc-js gives unary methods a request, client streams an iterator. */
type AnsweringCall = ServerUnaryCall<unknown, unknown> & {
  iterator?: ServerReadableStream<unknown, unknown>['iterator'];
};

/** What a handler answers with: a message, and what the style of grpc-js has beside it. */
interface Answer {
  readonly message: unknown;
  readonly trailer?: Metadata | undefined;
  readonly flags?: number | undefined;
}

/** A handler of unary and client stream methods, in the style of grpc-js. */
export function answering(
  plan: MethodPlan,
  handler: AnyHandler,
  instance: object,
): handleUnaryCall<unknown, unknown> {
  const answer = returnsItsAnswer(handler) ? returned : calledBack;
  return (call, callback) => {
    runInCall(plan, call, {
      work: () => answer(plan, handler.bind(instance), call),
      done: ({ message, trailer, flags }) => callback(null, message, trailer, flags),
      failed: (error) => callback(statusOf(error)),
    });
  };
}

async function returned(
  { requestStream }: MethodPlan,
  handler: AnyHandler,
  call: AnsweringCall,
): Promise<Answer> {
  return { message: await handler(requestStream ? requestsOf(call) : call.request, call) };
}

function calledBack({ name }: MethodPlan, handler: AnyHandler, call: AnsweringCall): Promise<Answer> {
  return new Promise((resolve, reject) => {
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
