/**
 * Stable, machine-readable reasons of failures. A client may branch on them; they never change their
 * meaning. A handler's own ServiceException may carry any other word.
 */
export const Reason = {
  /** The connection died before the work was written, or while work without effect was running. */
  CONNECTION_LOST: 'CONNECTION_LOST',
  /** Nothing accepts connections at the resource's address. */
  SERVER_DOWN: 'SERVER_DOWN',
  /** The server is going away in an orderly manner. */
  SHUTTING_DOWN: 'SHUTTING_DOWN',
  /** The server takes no writes, as after a failover. */
  READ_ONLY: 'READ_ONLY',
  /** No connection became free in time. */
  ACQUIRE_TIMEOUT: 'ACQUIRE_TIMEOUT',
  /** Too many callers wait for a connection already. */
  QUEUE_FULL: 'QUEUE_FULL',
  /** The server refuses further connections. */
  TOO_MANY_CONNECTIONS: 'TOO_MANY_CONNECTIONS',
  /** The resource or the server is being shut down by this process. */
  CLOSED: 'CLOSED',
  /** The caller's deadline passed. */
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  /** The caller cancelled, or went away. */
  CANCELLED: 'CANCELLED',
  /** A deadlock, and repeats are used up. */
  DEADLOCK: 'DEADLOCK',
  /** A lock was not granted in time, and repeats are used up. */
  LOCK_WAIT_TIMEOUT: 'LOCK_WAIT_TIMEOUT',
  /** Concurrent transactions were in conflict, and repeats are used up. */
  SERIALIZATION_FAILURE: 'SERIALIZATION_FAILURE',
  /** A unique key exists already. */
  DUPLICATE_KEY: 'DUPLICATE_KEY',
  /** An idempotency key came again, with other arguments. */
  KEY_REUSED: 'KEY_REUSED',
  /** A foreign key forbids it. */
  FOREIGN_KEY: 'FOREIGN_KEY',
  /** A check constraint forbids it. */
  CHECK_CONSTRAINT: 'CHECK_CONSTRAINT',
  /** A value is too long, out of range or of the wrong type. */
  INVALID_VALUE: 'INVALID_VALUE',
  /** The statement is larger than the server takes. */
  PACKET_TOO_LARGE: 'PACKET_TOO_LARGE',
  /** The server's time limit for statements killed it. */
  STATEMENT_TIMEOUT: 'STATEMENT_TIMEOUT',
  /** A write, or the end of a transaction, whose reply was lost: it may or may not have taken effect. */
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
  /** The server refused our credentials or does not know our database. */
  MISCONFIGURED: 'MISCONFIGURED',
  /** Anything else: a bug, most likely. */
  INTERNAL: 'INTERNAL',
} as const;

/** One of the reasons that this toolkit gives. */
export type ReasonCode = (typeof Reason)[keyof typeof Reason];
