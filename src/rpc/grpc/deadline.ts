import type { Deadline } from '@grpc/grpc-js';
import { cancelled, deadlineExceeded } from '../../core/call/call.js';
import type { ResolvedCallOptions } from '../../core/call/index.js';
import type { ServiceException } from '../../errors/index.js';

/** A method's options under the caller's deadline, which can only narrow what they say. */
export function underDeadline(options: ResolvedCallOptions, deadline: Deadline): ResolvedCallOptions {
  const at = Number(deadline);
  if (at === Number.POSITIVE_INFINITY) return options;
  const remainingMs = Math.max(0, at - Date.now());
  return { ...options, timeoutMs: Math.min(remainingMs, options.timeoutMs ?? Number.POSITIVE_INFINITY) };
}

/**
 * The caller's own timer fires first, by the time the request was under way, and cancels the call; Node's
 * timers are up to 1 ms early.
 */
const SKEW_MS = 20;

/** Why the caller no longer waits: grpc-js reports a deadline that passed as a cancellation. */
export function whyCallerLeft(deadline: Deadline): ServiceException {
  return Date.now() >= Number(deadline) - SKEW_MS ? deadlineExceeded() : cancelled();
}
