import { expect, expectTypeOf, test } from 'vitest';
import accountTypes from '../../../../examples/gen/account_types.js';
import exceptionTypes from '../../../../examples/gen/service_exception_types.js';
import { runCall } from '../../../../src/core/call/run-call.js';
import { failureOf, recordFailure, ServiceException } from '../../../../src/errors/index.js';
import { thriftException } from '../../../../src/rpc/thrift/index.js';
import { collectLogs } from './support/collect-logs.js';

collectLogs();

const convert = thriftException(exceptionTypes.ServiceException);

test('it makes an instance of the class with all that a client may know', () => {
  const exception = new ServiceException('ABORTED', 'in conflict', {
    reason: 'DEADLOCK',
    outcome: 'unknown',
    retryable: true,
    retryAfterMs: 7.2,
    callId: 'c1',
    cause: new Error('secret'),
  });
  const converted = convert(exception);
  expectTypeOf(converted).toEqualTypeOf<exceptionTypes.ServiceException>();
  expect(converted).toBeInstanceOf(exceptionTypes.ServiceException);
  expect({ ...converted }).toEqual({
    name: 'ServiceException',
    status: 'ABORTED',
    code: 10,
    message: 'in conflict',
    reason: 'DEADLOCK',
    outcome: 'unknown',
    retryable: true,
    retryAfterMs: 8,
    callId: 'c1',
  });
});

test('it keeps what it was made of as a cause that is not enumerable', () => {
  const exception = new ServiceException('ABORTED', 'in conflict');
  const converted = convert(exception);
  expect(converted.cause).toBe(exception);
  expect(Object.keys(converted)).not.toContain('cause');
  expect(JSON.stringify(converted)).not.toContain('cause');
});

test('it passes exceptions of the IDL as they are', () => {
  const notFound = new accountTypes.AccountNotFound();
  expect(convert(notFound as unknown as ServiceException)).toBe(notFound);
});

test('an outer call sees the verdict through it', async () => {
  const lost = recordFailure(new Error('lost'), {
    status: 'UNAVAILABLE',
    reason: 'CONNECTION_LOST',
    outcome: 'none',
    transient: true,
    fatal: true,
  });
  let runs = 0;
  const inner = () =>
    runCall({ as: convert }, async () => {
      runs += 1;
      throw lost;
    });
  await expect(runCall({ idempotent: true, maxAttempts: 3 }, inner)).rejects.toBeInstanceOf(
    exceptionTypes.ServiceException,
  );
  expect(runs).toBe(3);
});

test("the verdict on an author's own ServiceException is what it says itself", () => {
  const exception = new ServiceException('UNAVAILABLE', 'later', { retryable: true, outcome: 'none' });
  expect(failureOf(convert(exception))).toMatchObject({
    status: 'UNAVAILABLE',
    outcome: 'none',
    transient: true,
  });
  expect(failureOf(exception)).toBeUndefined();
});

test('a class without any of the fields, or that is not generated, is refused', () => {
  // @ts-expect-error no class
  expect(() => thriftException(undefined)).toThrow(TypeError);
  expect(() => thriftException(accountTypes.AccountNotFound)).toThrow(
    'have one of the fields status, code, message',
  );
  expect(() => thriftException(Error)).toThrow('must be an exception that the compiler generated');
  class Misfit extends exceptionTypes.ServiceException {
    declare readonly extra: true;
  }
  expect(thriftException(Misfit)(new ServiceException('ABORTED', 'x'))).toBeInstanceOf(Misfit);
  class Numbered extends Error {
    status = 5;
  }
  // @ts-expect-error its status is no name
  expect(() => thriftException(Numbered)).toThrow(TypeError);
});
