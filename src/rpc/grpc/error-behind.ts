import { logger } from '../../core/process/logger.js';
import type { Attempt } from './attempt.js';
import { failureName, type PassedStatus, StatusException, statusException } from './grpc-status.js';
import { exceptionBehind } from './status-of.js';

/**
 * What an attempt failed with: the error that its handler was seen to raise, else what the status itself can
 * tell.
 *
 * @param watched whether the handler's errors are seen (raw-handler.ts).
 */
export function errorBehind(status: PassedStatus, attempt: Attempt, watched: boolean): unknown {
  if (attempt.raised !== undefined) return meantForClients(attempt.raised.error);
  const ours = exceptionBehind(status);
  if (ours !== undefined) return ours;
  // The handler raised nothing: the status is one of grpc-js itself, or of an interceptor near the handler.
  if (watched) return statusException(status) ?? new Error(`the status ${status.code} is not a gRPC status`);
  return unseen(status);
}

/** An author's plain status object as an exception; an error as it is. */
export function meantForClients(error: unknown): unknown {
  const metadata = (error as Partial<PassedStatus> | null | undefined)?.metadata;
  return (metadata && exceptionBehind({ metadata })) ?? statusException(error) ?? error;
}

/**
 * A status of which nobody knows whether its text is an author's or a driver's: the text stays here. UNKNOWN
 * is what grpc-js makes of an error without a code.
 */
function unseen({ code, details }: PassedStatus): unknown {
  const name = failureName(code);
  if (name === undefined || name === 'UNKNOWN') return new Error(details);
  logger().warn({ status: name, text: details }, 'the text of a status of unknown origin was not sent');
  return new StatusException(name, name.toLowerCase().replaceAll('_', ' '), undefined);
}
