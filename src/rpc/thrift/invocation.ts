import type { Method } from './method.js';
import type { Answer, Arrival } from './reply.js';
import { serveCall } from './serve-call.js';

/** The handler as generated code sees it, and what it works on. */
export interface ArgumentsReceiver {
  readonly handler: object;
  /** The message whose arguments are read next. */
  arrival: Arrival | undefined;
}

/**
 * Builds a handler that takes over the arguments which generated code has read. Reading is synchronous: one
 * is enough for all messages.
 */
export function argumentsReceiver(handler: object, methods: Iterable<Method>): ArgumentsReceiver {
  const receiver: ArgumentsReceiver = { handler: {}, arrival: undefined };
  for (const method of methods) {
    const receive = (...args: unknown[]): void => {
      const { arrival } = receiver;
      if (arrival === undefined) return;
      receiver.arrival = undefined;
      // No argument of an IDL is a function. For a oneway method generated code passes none.
      const answer = typeof args.at(-1) === 'function' ? (args.pop() as Answer) : undefined;
      serveCall(handler, method, args, answer, arrival);
    };
    // Generated code takes a method for one in promise style when its length is the number of arguments, and
    // would then write replies by itself. This length is never that.
    Object.defineProperty(receive, 'length', { value: -1 });
    Object.defineProperty(receiver.handler, method.name, { value: receive });
  }
  return receiver;
}
