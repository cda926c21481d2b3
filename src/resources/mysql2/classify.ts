import {
  type Failure,
  type FailureStatus,
  type Outcome,
  Reason,
  type ReasonCode,
} from '../../errors/index.js';

/** What is known of a failed statement beside its error. */
export interface StatementState {
  /** Whether it was written to the connection, at least in part. */
  readonly written: boolean;
  /** Whether running it twice is as good as running it once. */
  readonly repeatable: boolean;
  /** Whether it ran in a transaction whose COMMIT had not been written: lost with the connection, it is rolled back. */
  readonly inTransaction: boolean;
  /** Whether it ends a transaction. */
  readonly commits: boolean;
  /** Whether it ran in a transaction that was begun as one that only reads. */
  readonly readOnly: boolean;
  /** Whether it is larger than the server takes. */
  readonly oversized: boolean;
  /** Whether the connection is encrypted: then a failed write tells nothing. */
  readonly encrypted: boolean;
}

/** A connection attempt: nothing of any statement was written. */
export const DIALING: StatementState = {
  written: false,
  repeatable: true,
  inTransaction: false,
  commits: false,
  readOnly: false,
  oversized: false,
  encrypted: false,
};

interface MysqlError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly fatal?: unknown;
  readonly message?: unknown;
}

type Verdict = readonly [status: FailureStatus, reason: ReasonCode, kind: Kind];

/**
 * `'refused'`: the server understood and said no. `'later'`: no, but perhaps later. `'away'`: the same, and
 * the connection must go. `'rolled back'`: the whole transaction is gone, the connection is fine.
 */
type Kind = 'refused' | 'later' | 'away' | 'rolled back';

/** Errors that the server reports by number. */
const BY_NUMBER: Readonly<Record<number, Verdict>> = {
  // The server is not there for us, or goes.
  1040: ['RESOURCE_EXHAUSTED', Reason.TOO_MANY_CONNECTIONS, 'away'],
  1203: ['RESOURCE_EXHAUSTED', Reason.TOO_MANY_CONNECTIONS, 'away'],
  1226: ['RESOURCE_EXHAUSTED', Reason.TOO_MANY_CONNECTIONS, 'away'],
  1053: ['UNAVAILABLE', Reason.SHUTTING_DOWN, 'away'],
  1077: ['UNAVAILABLE', Reason.SHUTTING_DOWN, 'away'],
  1079: ['UNAVAILABLE', Reason.SHUTTING_DOWN, 'away'],
  1152: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1154: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1155: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1156: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1157: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1158: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1159: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1160: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1161: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  1927: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  3169: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  4031: ['UNAVAILABLE', Reason.CONNECTION_LOST, 'away'],
  // It takes no writes: the old primary after a failover.
  1290: ['UNAVAILABLE', Reason.READ_ONLY, 'away'],
  1792: ['UNAVAILABLE', Reason.READ_ONLY, 'away'],
  1836: ['UNAVAILABLE', Reason.READ_ONLY, 'away'],
  // Conflicts with others.
  1205: ['ABORTED', Reason.LOCK_WAIT_TIMEOUT, 'later'],
  1213: ['ABORTED', Reason.DEADLOCK, 'rolled back'],
  1020: ['ABORTED', Reason.SERIALIZATION_FAILURE, 'later'],
  1613: ['ABORTED', Reason.SERIALIZATION_FAILURE, 'rolled back'],
  1614: ['ABORTED', Reason.DEADLOCK, 'rolled back'],
  3101: ['ABORTED', Reason.SERIALIZATION_FAILURE, 'rolled back'],
  // The data forbid it.
  1022: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1062: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1169: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1557: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1586: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1859: ['ALREADY_EXISTS', Reason.DUPLICATE_KEY, 'refused'],
  1216: ['FAILED_PRECONDITION', Reason.FOREIGN_KEY, 'refused'],
  1217: ['FAILED_PRECONDITION', Reason.FOREIGN_KEY, 'refused'],
  1451: ['FAILED_PRECONDITION', Reason.FOREIGN_KEY, 'refused'],
  1452: ['FAILED_PRECONDITION', Reason.FOREIGN_KEY, 'refused'],
  3819: ['FAILED_PRECONDITION', Reason.CHECK_CONSTRAINT, 'refused'],
  4025: ['FAILED_PRECONDITION', Reason.CHECK_CONSTRAINT, 'refused'],
  // The values are wrong.
  1048: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1264: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1265: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1292: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1366: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1367: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1406: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1411: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1690: ['INVALID_ARGUMENT', Reason.INVALID_VALUE, 'refused'],
  1153: ['INVALID_ARGUMENT', Reason.PACKET_TOO_LARGE, 'refused'],
  // Time limits.
  1969: ['DEADLINE_EXCEEDED', Reason.STATEMENT_TIMEOUT, 'refused'],
  3024: ['DEADLINE_EXCEEDED', Reason.STATEMENT_TIMEOUT, 'refused'],
  1317: ['CANCELLED', Reason.CANCELLED, 'refused'],
  // Our configuration.
  1044: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
  1045: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
  1049: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
  1130: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
  1251: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
  1698: ['INTERNAL', Reason.MISCONFIGURED, 'refused'],
};

const READ_ONLY_TRANSACTION = 1792;

/** The server's errors after which the outcome of the COMMIT that met them is not known. */
const COMMIT_IN_DOUBT: ReadonlySet<number> = new Set([
  1053, 1317, 1969, 3024, 1152, 1158, 1159, 1160, 1161, 1927,
]);

/** What nobody listens at, or cannot be reached, is down; a lookup that fails is no better. */
const DOWN: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'DEADLINE',
]);

const LOST: ReadonlySet<unknown> = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_UNEXPECTED_PACKET',
  'PROTOCOL_ERROR',
  'PROTOCOL_PACKETS_OUT_OF_ORDER',
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'HANDSHAKE_SSL_ERROR',
  4031,
]);

/** mysql2 gives these neither code nor number. */
const CLOSED_STATE = "Can't add new command when connection is in closed state";

/**
 * The verdict on a statement that failed with this error. It goes by number, code, system call and the state
 * of the command, never by a part of a message.
 *
 * @returns `undefined` for an error that is not the client's: a mistake in its use.
 */
export function classify(error: unknown, state: StatementState): Failure | undefined {
  const { code, errno, message } = (error ?? {}) as MysqlError;
  const reported = typeof errno === 'number' ? BY_NUMBER[errno] : undefined;
  if (reported !== undefined) return reportedFailure(errno as number, reported, state);
  if (code === 'PROTOCOL_SEQUENCE_TIMEOUT') return timedOut(state);
  if (LOST.has(code) || DOWN.has(code) || message === CLOSED_STATE) return lost(error as MysqlError, state);
  if (typeof errno === 'number' && errno > 0) return refused('INTERNAL', Reason.INTERNAL, 'none');
  return undefined;
}

function reportedFailure(errno: number, [status, reason, kind]: Verdict, state: StatementState): Failure {
  if (state.commits && COMMIT_IN_DOUBT.has(errno)) return unknown(kind === 'away');
  // Refused by a transaction that only reads, as asked for: a mistake of the handler, and no failover.
  if (errno === READ_ONLY_TRANSACTION && state.readOnly) return refused('INTERNAL', Reason.INTERNAL, 'none');
  if (kind === 'refused') return refused(status, reason, 'none');
  return { status, reason, outcome: 'none', transient: true, fatal: kind === 'away' };
}

/** Whether the server rolled the whole transaction back when it reported this. */
export function rollsBack(error: unknown): boolean {
  const { errno } = (error ?? {}) as MysqlError;
  return typeof errno === 'number' && BY_NUMBER[errno]?.[2] === 'rolled back';
}

function refused(status: FailureStatus, reason: ReasonCode, outcome: Outcome): Failure {
  return { status, reason, outcome, transient: false, fatal: false };
}

function unknown(fatal: boolean): Failure {
  return { status: 'UNKNOWN', reason: Reason.OUTCOME_UNKNOWN, outcome: 'unknown', transient: true, fatal };
}

/** The connection is gone. Whether the statement took effect depends on what was written. */
function lost(error: MysqlError, state: StatementState): Failure {
  if (state.oversized)
    return { ...refused('INVALID_ARGUMENT', Reason.PACKET_TOO_LARGE, 'none'), fatal: true };
  const down = DOWN.has(error.code);
  const gone: Failure = {
    status: 'UNAVAILABLE',
    reason: down ? Reason.SERVER_DOWN : Reason.CONNECTION_LOST,
    outcome: 'none',
    transient: true,
    fatal: true,
  };
  const harmless =
    !state.written || unsent(error, state) || state.repeatable || (state.inTransaction && !state.commits);
  return harmless ? gone : unknown(true);
}

/** A write that failed never left as a whole, so the server cannot have executed it. */
function unsent({ code, syscall }: MysqlError, { encrypted }: StatementState): boolean {
  return code === 4031 || code === 'ERR_STREAM_DESTROYED' || (syscall === 'write' && !encrypted);
}

/** mysql2's own timeout leaves the statement running: the connection cannot be used again. */
function timedOut({ repeatable, inTransaction, commits }: StatementState): Failure {
  const outcome = repeatable || (inTransaction && !commits) ? 'none' : 'unknown';
  return {
    status: 'DEADLINE_EXCEEDED',
    reason: Reason.DEADLINE_EXCEEDED,
    outcome,
    transient: false,
    fatal: true,
  };
}
