import { type Failure, recordFailure } from '../../../../src/errors/index.js';

/** In the text of every fake driver error: wherever a client or a log could see it, it must not be. */
export const SECRET = 'hunter2';

/** The verdict on a connection that was lost before anything was written. */
export const LOST: Failure = {
  status: 'UNAVAILABLE',
  reason: 'CONNECTION_LOST',
  outcome: 'none',
  transient: true,
  fatal: true,
};

/** The verdict on a write whose reply was lost. */
export const IN_DOUBT: Failure = {
  status: 'UNKNOWN',
  reason: 'OUTCOME_UNKNOWN',
  outcome: 'unknown',
  transient: true,
  fatal: true,
};

/** The verdict on a deadlock's victim. */
export const DEADLOCK: Failure = {
  status: 'ABORTED',
  reason: 'DEADLOCK',
  outcome: 'none',
  transient: true,
  fatal: false,
};

/** The verdict on a duplicate key. */
export const DUPLICATE: Failure = {
  status: 'ALREADY_EXISTS',
  reason: 'DUPLICATE_KEY',
  outcome: 'none',
  transient: false,
  fatal: false,
};

/** An error as drivers make them, SQL and values in its text, before a resource has judged it. */
export function rawDriverError(): Error {
  return Object.assign(new Error(`Duplicate entry '${SECRET}' for key 'user.password'\n    at ${SECRET}`), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sqlState: '23000',
    sql: `INSERT INTO user VALUES ('${SECRET}')`,
    sqlMessage: `Duplicate entry '${SECRET}'`,
  });
}

/** The same, with the verdict that a resource recorded. */
export function driverError(failure: Failure = LOST): Error {
  return recordFailure(rawDriverError(), failure);
}
