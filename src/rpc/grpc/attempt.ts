import type { Metadata } from '@grpc/grpc-js';
import type { Call } from '../../core/call/index.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { currentScope, enterScope } from '../../core/process/scope.js';
import { failureOf, Status } from '../../errors/index.js';
import type { PassedStatus } from './grpc-status.js';

/** What a handler answered, held back until the call has surely gone well. */
export interface Reply {
  /** Initial metadata, if the handler sent any and it was held back. */
  readonly metadata: Metadata | undefined;
  /** The response message; absent when responses are a stream, whose messages are not held back. */
  readonly message: { readonly value: unknown } | undefined;
  readonly status: PassedStatus;
}

/** The message of a reply. */
export function messageOf({ message }: Reply): unknown {
  return message?.value;
}

/** The reply of a call whose message is known from before. */
export function replyOf(message: unknown): Reply {
  return {
    metadata: undefined,
    message: { value: message },
    status: { code: Status.OK, details: 'OK', metadata: null },
  };
}

interface Settle {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** One run of a handler for one gRPC call. What a run sends after it is over is a stray, and goes nowhere. */
export class Attempt {
  /** The intercepting call that it belongs to. */
  readonly owner: object;
  /** The error that the handler was seen to fail with; grpc-js itself hands on no more than a status. */
  raised: { readonly error: unknown } | undefined;
  /** Initial metadata that is held back. */
  metadata: Metadata | undefined;
  /** The response message that is held back. */
  message: { readonly value: unknown } | undefined;

  readonly #call: Call;
  #settle: Settle | undefined;

  constructor(owner: object, call: Call, settle: Settle) {
    this.owner = owner;
    this.#call = call;
    this.#settle = settle;
  }

  /** The attempt in whose scope this code runs. */
  static current(): Attempt | undefined {
    const { face } = currentScope();
    return face instanceof Attempt ? face : undefined;
  }

  /** Runs a function in the scope of the call and of this attempt. */
  enter<T>(run: () => T): T {
    // What is inside already stays where it is: an inner call, or a transaction.
    return currentScope().face === this
      ? run()
      : enterScope({ call: this.#call, face: this }, run, undefined);
  }

  /** Whether it has answered or failed. */
  get settled(): boolean {
    return this.#settle === undefined;
  }

  /** The handler has answered. */
  answer(status: PassedStatus): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve({ metadata: this.metadata, message: this.message, status });
  }

  /** The handler has failed. */
  fail(error: unknown): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }

  /** Notes what the handler failed with, before grpc-js makes a status of it. */
  raise(error: unknown): void {
    if (!this.settled) {
      this.raised ??= { error };
      return;
    }
    const facts = errorFields(error, failureOf(error) !== undefined);
    logger().warn(
      { callId: this.#call.id, method: this.#call.method, ...facts },
      'a handler failed after it had answered',
    );
  }
}
