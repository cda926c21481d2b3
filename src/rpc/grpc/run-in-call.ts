import type { Deadline } from '@grpc/grpc-js';
import { convert } from '../../core/call/convert.js';
import { type Call, currentCall, openCall, runOpened } from '../../core/call/index.js';
import { verdictOn } from '../../core/call/verdict.js';
import { logger } from '../../core/process/logger.js';
import { underDeadline, whyCallerLeft } from './deadline.js';
import { meantForClients } from './error-behind.js';
import type { MethodPlan } from './method-plan.js';

/** What all four kinds of call objects have. */
export interface SurfaceCall {
  getDeadline(): Deadline;
  once(event: 'cancelled', listener: () => void): unknown;
  removeListener(event: 'cancelled', listener: () => void): unknown;
}

/** A handler's work, and what becomes of its end; exactly one of `done` and `failed` is called, once. */
export interface Handling<T> {
  work(call: Call): Promise<T>;
  done(value: T): void;
  failed(error: unknown): void;
}

/** Runs a handler as a call: the outermost one, with the caller's deadline, or inside the interceptor's. */
export function runInCall<T>(
  plan: MethodPlan,
  surface: SurfaceCall,
  { work, done, failed }: Handling<T>,
): void {
  const outer = currentCall();
  const outermost = outer === undefined;
  if (outer !== undefined && addsNothing(plan.options)) {
    return reply(outer, translated(work(outer)), done, (error) =>
      failed(convert(outer, error, verdictOn(outer, error))),
    );
  }
  const options = outermost ? underDeadline(plan.options, surface.getDeadline()) : plan.options;
  const call = openCall(plan.name, options, { cancellable: true });
  const callerLeft = (): void => call.abort(whyCallerLeft(surface.getDeadline()));
  if (outermost) surface.once('cancelled', callerLeft);
  const stopListening = (): unknown => outermost && surface.removeListener('cancelled', callerLeft);
  const running = runOpened(call, options, () => translated(work(call)));
  reply(call, running.finally(stopListening), done, failed);
}

/** Inside the interceptor's call, which judges and masks, a call of its own would only be a cost. */
function addsNothing({ idempotent, transaction, timeoutMs, as }: MethodPlan['options']): boolean {
  return !idempotent && transaction === undefined && timeoutMs === undefined && as === undefined;
}

function reply<T>(
  call: Call,
  running: Promise<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  running
    .then(done, failed)
    .catch((error) => logger().error({ callId: call.id, error: String(error) }, 'a reply could not be sent'));
}

/** An author may throw a plain status object; the engine knows exceptions only. */
async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw meantForClients(error);
  }
}
