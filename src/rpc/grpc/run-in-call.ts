import type { Deadline, Metadata } from '@grpc/grpc-js';
import { convert } from '../../core/call/convert.js';
import {
  addsNothing,
  type Call,
  type Caller,
  currentCall,
  openCall,
  settleOpened,
} from '../../core/call/index.js';
import { verdictOn } from '../../core/call/verdict.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { settle } from '../../core/process/settle.js';
import { failureOf } from '../../errors/index.js';
import { underDeadline, whyCallerLeft } from './deadline.js';
import { meantForClients } from './error-behind.js';
import { idempotencyKeyIn } from './kept-reply.js';
import type { MethodPlan } from './method-plan.js';

/** What all four kinds of call objects have. */
export interface SurfaceCall {
  readonly metadata: Metadata;
  /** Absent where requests are a stream. */
  readonly request?: unknown;
  getDeadline(): Deadline;
  once(event: 'cancelled', listener: () => void): unknown;
  removeListener(event: 'cancelled', listener: () => void): unknown;
}

/** A handler's work, and what becomes of its end; exactly one of `done` and `failed` is called, once. */
export interface Handling<T> {
  work(call: Call): T | PromiseLike<T>;
  done(value: T): void;
  failed(error: unknown): void;
}

/** Runs a handler as a call: the outermost one, with the caller's deadline, or inside the interceptor's. */
export function runInCall<T>(plan: MethodPlan, surface: SurfaceCall, { work, ...reply }: Handling<T>): void {
  const outer = currentCall();
  const outermost = outer === undefined;
  if (outer !== undefined && addsNothing(plan.options, outer)) {
    const { done, failed } = guarded(outer, reply);
    // The interceptor's call judges and masks.
    return settle(
      () => work(outer),
      done,
      (raised) => {
        const error = meantForClients(raised);
        failed(convert(outer, error, verdictOn(outer, error)));
      },
    );
  }
  const options = outermost ? underDeadline(plan.options, surface.getDeadline()) : plan.options;
  const call = openCall(plan.name, options, { cancellable: true, ...asked(plan, surface) });
  const callerLeft = (): void => call.abort(whyCallerLeft(surface.getDeadline()));
  if (outermost) surface.once('cancelled', callerLeft);
  const { done, failed } = guarded(call, {
    done: (value: T) => {
      surface.removeListener('cancelled', callerLeft);
      reply.done(value);
    },
    failed: (error) => {
      surface.removeListener('cancelled', callerLeft);
      reply.failed(error);
    },
  });
  settleOpened(call, options, () => translated(() => work(call)), done, failed);
}

/** What a call is asked for, where it must be known again. */
function asked({ options }: MethodPlan, { metadata, request }: SurfaceCall): Caller | undefined {
  if (options.exactlyOnce === undefined) return undefined;
  return { args: [request], idempotencyKey: idempotencyKeyIn(metadata) };
}

type Reply<T> = Pick<Handling<T>, 'done' | 'failed'>;

/** A reply that fails is logged: nobody is left who could be told. */
export function guarded<T>(call: Call, { done, failed }: Reply<T>): Reply<T> {
  const guard =
    <V>(send: (value: V) => void) =>
    (value: V): void => {
      try {
        send(value);
      } catch (error) {
        logger().error({ callId: call.id, error: String(error) }, 'a reply could not be sent');
      }
    };
  return { done: guard(done), failed: guard(failed) };
}

/** For what a listener throws while its handler goes on, and will answer. */
export function logThrown({ name }: MethodPlan): (error: unknown) => void {
  return (error) => {
    const facts = errorFields(error, failureOf(error) !== undefined);
    logger().error({ method: name, ...facts }, 'a listener of a call threw');
  };
}

/** An author may throw a plain status object; the engine knows exceptions only. */
async function translated<T>(work: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw meantForClients(error);
  }
}
