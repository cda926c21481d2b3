import { describe, expect, test } from 'vitest';
import { classify, DIALING, type StatementState } from '../../../../src/resources/mysql2/classify.js';

const WRITTEN: StatementState = { ...DIALING, written: true, repeatable: false };
const QUEUED: StatementState = { ...WRITTEN, written: false };
const IN_TRANSACTION: StatementState = { ...WRITTEN, inTransaction: true };
const COMMIT: StatementState = { ...WRITTEN, commits: true };

const LOST = { code: 'PROTOCOL_CONNECTION_LOST', fatal: true };
const READ_RESET = { code: 'ECONNRESET', syscall: 'read', errno: -104, fatal: true };
const WRITE_RESET = { code: 'ECONNRESET', syscall: 'write', errno: -104, fatal: true };
const CLOSED = { message: "Can't add new command when connection is in closed state", fatal: true };

describe('a lost connection', () => {
  test.each([
    ['a write that was written', LOST, WRITTEN, 'unknown'],
    ['a write that was written, reset while reading', READ_RESET, WRITTEN, 'unknown'],
    ['a write that failed to be written', WRITE_RESET, WRITTEN, 'none'],
    ['a write that failed over TLS', WRITE_RESET, { ...WRITTEN, encrypted: true }, 'unknown'],
    ['a queued write', LOST, QUEUED, 'none'],
    ['a write on a closed connection', CLOSED, QUEUED, 'none'],
    ['a read', LOST, { ...WRITTEN, repeatable: true }, 'none'],
    ['a write in a transaction', LOST, IN_TRANSACTION, 'none'],
    ['a COMMIT', LOST, COMMIT, 'unknown'],
    ['a COMMIT that was not written', LOST, { ...COMMIT, written: false }, 'none'],
    ['a write met by 4031', { code: 'ER_CLIENT_INTERACTION_TIMEOUT', errno: 4031 }, WRITTEN, 'none'],
    ['a write on a destroyed stream', { code: 'ERR_STREAM_DESTROYED' }, WRITTEN, 'none'],
  ])('%s: outcome %s', (_, error, state, outcome) => {
    const failure = classify(error, state);
    expect(failure).toMatchObject({ outcome, transient: true, fatal: true });
    expect(failure?.status).toBe(outcome === 'none' ? 'UNAVAILABLE' : 'UNKNOWN');
  });

  test('an oversized statement is never repeated', () => {
    expect(classify(WRITE_RESET, { ...WRITTEN, oversized: true })).toMatchObject({
      status: 'INVALID_ARGUMENT',
      transient: false,
      fatal: true,
    });
  });
});

describe('what the server reports', () => {
  test.each([
    [1040, 'RESOURCE_EXHAUSTED', true],
    [1203, 'RESOURCE_EXHAUSTED', true],
    [1226, 'RESOURCE_EXHAUSTED', true],
    [1053, 'UNAVAILABLE', true],
    [1927, 'UNAVAILABLE', true],
    [1290, 'UNAVAILABLE', true],
    [1792, 'UNAVAILABLE', true],
    [1836, 'UNAVAILABLE', true],
    [1205, 'ABORTED', true],
    [1213, 'ABORTED', true],
    [1062, 'ALREADY_EXISTS', false],
    [1451, 'FAILED_PRECONDITION', false],
    [1452, 'FAILED_PRECONDITION', false],
    [4025, 'FAILED_PRECONDITION', false],
    [1406, 'INVALID_ARGUMENT', false],
    [1264, 'INVALID_ARGUMENT', false],
    [1366, 'INVALID_ARGUMENT', false],
    [1153, 'INVALID_ARGUMENT', false],
    [1969, 'DEADLINE_EXCEEDED', false],
    [3024, 'DEADLINE_EXCEEDED', false],
    [1045, 'INTERNAL', false],
    [1049, 'INTERNAL', false],
    [1146, 'INTERNAL', false],
    [1064, 'INTERNAL', false],
  ])('%i is %s, and had no effect', (errno, status, transient) => {
    expect(classify({ errno, code: 'ER_X' }, WRITTEN)).toMatchObject({ status, transient, outcome: 'none' });
  });

  test('a COMMIT that was interrupted is in doubt', () => {
    expect(classify({ errno: 1317 }, COMMIT)?.outcome).toBe('unknown');
    expect(classify({ errno: 1213 }, COMMIT)?.outcome).toBe('none');
  });

  test('a write refused by a transaction that only reads is no failover', () => {
    expect(classify({ errno: 1792 }, { ...IN_TRANSACTION, readOnly: true })).toMatchObject({
      status: 'INTERNAL',
      transient: false,
    });
  });
});

test('classification never goes by a part of a message', () => {
  expect(
    classify(new Error('row 2006: PROTOCOL_CONNECTION_LOST and 2013 in the text'), WRITTEN),
  ).toBeUndefined();
  expect(classify(new TypeError('Bind parameters must be array'), WRITTEN)).toBeUndefined();
  expect(classify('ECONNRESET', WRITTEN)).toBeUndefined();
  expect(classify(undefined, WRITTEN)).toBeUndefined();
});

test('a dial that fails had no effect, whatever it failed with', () => {
  expect(classify({ code: 'ECONNREFUSED', syscall: 'connect' }, DIALING)).toMatchObject({
    reason: 'SERVER_DOWN',
    outcome: 'none',
  });
  expect(classify({ code: 'ETIMEDOUT', syscall: 'connect' }, DIALING)).toMatchObject({
    reason: 'SERVER_DOWN',
    outcome: 'none',
  });
  expect(classify(LOST, DIALING)).toMatchObject({ reason: 'CONNECTION_LOST', outcome: 'none' });
});
