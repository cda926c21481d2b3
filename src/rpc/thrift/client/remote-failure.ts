import {
  type FailureStatus,
  failureOf,
  Reason,
  recordFailure,
  ServiceException,
  Status,
} from '../../../errors/index.js';

/** What a client is to know of a failure, to decide whether it repeats the call. */
export interface CallFailure {
  /** What is thrown to the caller. */
  readonly error: unknown;
  /** Whether the call surely had no effect, and may have one later. */
  readonly repeatable: boolean;
  /** Whether the server takes no further calls on this connection. */
  readonly leaving: boolean;
  readonly retryAfterMs: number | undefined;
  /** Whether the connection was lost, and the outcome of the call with it. */
  readonly lost: boolean;
}

/** `STATUS REASON: message (call ID)`, as applicationException() writes it. */
const TEXT = /^([A-Z_]+) (\S+): (.*) \(call ([^)]*)\)$/s;

/** Of these the servers of this toolkit say that there was no effect; with reasons of their own only. */
const WITHOUT_EFFECT: readonly string[] = ['UNAVAILABLE', 'ABORTED', 'RESOURCE_EXHAUSTED'];

/** Reads the failure that a server answered with. */
export function remoteFailure(answered: unknown): CallFailure {
  const error = fromApplicationException(answered) ?? answered;
  const { retryable, outcome, reason, retryAfterMs } = error as Partial<Record<string, unknown>>;
  return {
    error,
    // The declared exception says so itself.
    repeatable: retryable === true && outcome === 'none',
    leaving: reason === Reason.CLOSED,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    lost: false,
  };
}

/** A failure that was found on this side. */
export function localFailure(error: unknown): CallFailure {
  const failure = failureOf(error);
  return {
    error,
    repeatable: failure?.transient === true && failure.outcome === 'none',
    leaving: false,
    retryAfterMs: undefined,
    lost: failure?.reason === Reason.OUTCOME_UNKNOWN,
  };
}

/** A TApplicationException has room for a text only: the status is in it. */
function fromApplicationException(answered: unknown): ServiceException | undefined {
  if (!(answered instanceof Error) || answered.name !== 'TApplicationException') return undefined;
  const [, status = '', reason = '', message = '', callId = ''] = TEXT.exec(answered.message) ?? [];
  if (!Object.hasOwn(Status, status) || status === 'OK') return undefined;
  const none = WITHOUT_EFFECT.includes(status) && Object.hasOwn(Reason, reason);
  return new ServiceException(status as FailureStatus, message, {
    reason,
    // It does not say more.
    outcome: none ? 'none' : 'unknown',
    retryable: none,
    callId,
    cause: answered,
  });
}

/** The connection broke, or never came about. */
export function lostCall(sent: boolean, cause: unknown): ServiceException {
  return sent
    ? local(
        'UNKNOWN',
        Reason.OUTCOME_UNKNOWN,
        'the connection was lost while a call was running',
        true,
        cause,
      )
    : local('UNAVAILABLE', Reason.CONNECTION_LOST, 'the connection was lost before the call', false, cause);
}

export function unreachable(cause: unknown): ServiceException {
  return local('UNAVAILABLE', Reason.SERVER_DOWN, 'no connection to the server in time', false, cause);
}

export function timedOut(timeoutMs: number): ServiceException {
  const message = `no reply within ${timeoutMs} ms`;
  return local('DEADLINE_EXCEEDED', Reason.DEADLINE_EXCEEDED, message, true, undefined);
}

export function clientClosed(): ServiceException {
  return local('CANCELLED', Reason.CLOSED, 'the client is closed', false, undefined);
}

function local(
  status: FailureStatus,
  reason: keyof typeof Reason,
  message: string,
  effect: boolean,
  cause: unknown,
): ServiceException {
  const outcome = effect ? 'unknown' : 'none';
  const transient = status === 'UNAVAILABLE';
  const exception = new ServiceException(status, message, { reason, outcome, retryable: transient, cause });
  // A handler that calls another service fails with what is known of that call.
  return recordFailure(exception, { status, reason, outcome, transient, fatal: false });
}
