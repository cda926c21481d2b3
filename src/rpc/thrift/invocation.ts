import type { Answer, Message, Reply } from './reply.js';
import { type Method, serveCall } from './serve-call.js';

/** A message whose arguments are yet to be read. */
export interface Arrival {
  readonly message: Message;
  readonly reply: Reply;
}

/** The handler of one message, as generated code sees it. */
export type InvocationClass = new (arrival: Arrival) => object;

// No method of an IDL can have this name.
const ARRIVAL = Symbol('arrival');

/** Builds the class of a handler that takes over the arguments which generated code has read. */
export function invocationClass(handler: object, methods: Iterable<Method>): InvocationClass {
  class Invocation {
    readonly [ARRIVAL]: Arrival;

    constructor(arrival: Arrival) {
      this[ARRIVAL] = arrival;
    }
  }
  for (const method of methods) {
    const receive = function (this: Invocation, ...args: unknown[]): void {
      // No argument of an IDL is a function. For a oneway method generated code passes none.
      const answer = typeof args.at(-1) === 'function' ? (args.pop() as Answer) : undefined;
      serveCall({ handler, method, args, answer, ...this[ARRIVAL] });
    };
    // Generated code takes a method for one in promise style when its length is the number of arguments, and
    // would then write replies by itself. This length is never that.
    Object.defineProperty(receive, 'length', { value: -1 });
    Object.defineProperty(Invocation.prototype, method.name, { value: receive });
  }
  return Invocation;
}
