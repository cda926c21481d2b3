import { Reason, type ReasonCode } from '../../errors/index.js';

/** What a client reads. Written here, so that no text of a driver, no SQL and no host can be part of it. */
export const MESSAGES: Readonly<Record<ReasonCode, string>> = {
  [Reason.CONNECTION_LOST]: 'a connection was lost',
  [Reason.SERVER_DOWN]: 'a backend is not available',
  [Reason.SHUTTING_DOWN]: 'a backend is shutting down',
  [Reason.READ_ONLY]: 'a backend takes no writes at the moment',
  [Reason.ACQUIRE_TIMEOUT]: 'no connection became free in time',
  [Reason.QUEUE_FULL]: 'too many calls are waiting',
  [Reason.TOO_MANY_CONNECTIONS]: 'a backend takes no further connections',
  [Reason.CLOSED]: 'the service is shutting down',
  [Reason.DEADLINE_EXCEEDED]: 'the deadline of the call passed',
  [Reason.CANCELLED]: 'the call was cancelled',
  [Reason.DEADLOCK]: 'the call was in conflict with others',
  [Reason.LOCK_WAIT_TIMEOUT]: 'the call waited too long for others',
  [Reason.SERIALIZATION_FAILURE]: 'the call was in conflict with others',
  [Reason.DUPLICATE_KEY]: 'it exists already',
  [Reason.KEY_REUSED]: 'the idempotency key was used before, with other arguments',
  [Reason.FOREIGN_KEY]: 'it refers to something that does not exist, or is referred to',
  [Reason.CHECK_CONSTRAINT]: 'a constraint forbids it',
  [Reason.INVALID_VALUE]: 'a value is too long, out of range or of the wrong type',
  [Reason.PACKET_TOO_LARGE]: 'the request is too large',
  [Reason.STATEMENT_TIMEOUT]: 'the call took too long',
  [Reason.OUTCOME_UNKNOWN]: 'it is not known whether the call took effect',
  [Reason.MISCONFIGURED]: 'internal error',
  [Reason.INTERNAL]: 'internal error',
};
