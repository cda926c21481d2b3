import { failureOf, runCall, ServiceException, Status, setLogger } from 'fresh-connections';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MESSAGES } from '../../../../src/core/call/messages.js';
import { stderrLogger } from '../../../../src/core/process/logger.js';
import { Reason, recordFailure } from '../../../../src/errors/index.js';
import { DUPLICATE, driverError, IN_DOUBT, LOST, rawDriverError, SECRET } from '../support/driver-error.js';
import { exceptionOf, rejection } from '../support/rejection.js';

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  onTestFinished(() => write.mockRestore());
});

/** All of an exception that could reach a client. */
function visible(exception: ServiceException): string {
  return [
    exception.message,
    String(exception),
    JSON.stringify(exception),
    ...Object.values(exception),
  ].join();
}

describe('a failure', () => {
  it.each([
    ['a string', SECRET],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['a plain object', { message: SECRET, code: 3 }],
    ['an object without a prototype', Object.assign(Object.create(null), { message: SECRET })],
    ['a symbol', Symbol(SECRET)],
    ['an error', new Error(SECRET)],
    ['an error with the number of a status', Object.assign(new Error(SECRET), { code: 5 })],
    ['an error with odd facts', Object.assign(new Error(SECRET), { code: 1n, stack: [SECRET] })],
    ["a driver's error that no resource has judged", rawDriverError()],
  ])('that is %s becomes INTERNAL, and none of it is shown', async (_, thrown) => {
    const exception = await exceptionOf(runCall({}, () => Promise.reject(thrown)));
    expect({ ...exception }).toEqual({
      name: 'ServiceException',
      status: 'INTERNAL',
      code: 13,
      reason: 'INTERNAL',
      outcome: 'unknown',
      retryable: false,
      callId: exception.callId,
    });
    expect(exception.message).toBe('internal error');
    expect(visible(exception)).not.toContain(SECRET);
    expect(exception.cause).toBe(thrown);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`callId="${exception.callId}"`);
    expect(lines[0]).toMatch(/^\S+ fresh-connections ERROR a call failed .*\n$/);
  });

  it.each([
    ['lost', LOST],
    ['in doubt', IN_DOUBT],
    ['a duplicate', DUPLICATE],
    ['misconfigured', { ...LOST, status: 'INTERNAL', reason: 'MISCONFIGURED', transient: false } as const],
  ])("of a driver (%s) shows nothing of the driver's text, nor does the log", async (_, failure) => {
    const thrown = driverError(failure);
    for (const error of [thrown, new Error(`Failed query: ${SECRET}`, { cause: thrown })]) {
      const exception = await exceptionOf(runCall({ method: 'Account.create' }, () => Promise.reject(error)));
      const { status, reason, outcome } = failure;
      expect(exception).toMatchObject({ status, code: Status[status], reason, outcome });
      expect(exception.message).toBe(MESSAGES[reason]);
      expect(visible(exception)).not.toContain(SECRET);
      expect(failureOf(exception)).toEqual(failure);
      const line = lines.at(-1);
      expect(line).not.toContain(SECRET);
      expect(line).toContain(`callId="${exception.callId}" method="Account.create" status="${status}"`);
    }
    expect(lines.join('')).toContain('code="ER_DUP_ENTRY" errno=1062 sqlState="23000"');
    expect(lines.join('')).toMatch(failure.status === 'INTERNAL' ? / ERROR / : / WARN /);
  });

  it('is logged on one line each, whatever its text contains', async () => {
    await exceptionOf(runCall({}, () => Promise.reject(new Error('first\nsecond\r\nthird'))));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n]/);
  });

  it('is logged with its text when nobody classified it: it is the only trace of a bug', async () => {
    await exceptionOf(runCall({}, () => Promise.reject(new TypeError('x is not a function'))));
    expect(lines[0]).toContain('error="TypeError" text="x is not a function"');
    expect(lines[0]).toContain('stack="    at ');
  });

  it('goes to a logger of pino’s shape, under the id that the client is told', async () => {
    const warn = vi.fn();
    setLogger({ ...stderrLogger, warn });
    onTestFinished(() => setLogger(stderrLogger));
    const exception = await exceptionOf(runCall({}, () => Promise.reject(driverError())));
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ callId: exception.callId, reason: 'CONNECTION_LOST' }),
      'a call failed',
    );
    expect(lines).toEqual([]);
  });

  it('with every reason there is has a message of ours', async () => {
    for (const reason of Object.values(Reason)) {
      const error = recordFailure(new Error(SECRET), { ...DUPLICATE, reason });
      const { message } = await exceptionOf(runCall({}, () => Promise.reject(error)));
      expect(message).toBe(MESSAGES[reason]);
      expect(message).toMatch(/^[a-z ,]+$/);
    }
  });
});

describe("a handler author's own exception", () => {
  it('passes as it is, with the id of the call', async () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account', { reason: 'NO_ACCOUNT' });
    let id = '';
    const thrown = await rejection(
      runCall({}, (call) => {
        id = call.id;
        throw exception;
      }),
    );
    expect(thrown).toBe(exception);
    expect(exception).toMatchObject({ message: 'no such account', reason: 'NO_ACCOUNT', callId: id });
    expect(lines).toEqual([]);
  });

  it('passes through calls inside calls', async () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account');
    const inner = (): Promise<never> => runCall({}, () => Promise.reject(exception));
    expect(await rejection(runCall({}, () => runCall({}, inner)))).toBe(exception);
  });

  it('keeps the id of the server that it came from', async () => {
    const remote = new ServiceException('NOT_FOUND', 'no such account', { callId: 'theirs' });
    expect(await exceptionOf(runCall({}, () => Promise.reject(remote)))).toMatchObject({ callId: 'theirs' });
  });

  it('that is a constant carries the id of the call at hand, not of the first one', async () => {
    const constant = new ServiceException('NOT_FOUND', 'no such account');
    for (let i = 0; i < 2; i += 1) {
      let id = '';
      await rejection(
        runCall({}, (call) => {
          id = call.id;
          throw constant;
        }),
      );
      expect(constant.callId).toBe(id);
    }
  });

  it('that is frozen passes all the same', async () => {
    const frozen = Object.freeze(new ServiceException('NOT_FOUND', 'no such account'));
    expect(await rejection(runCall({}, () => Promise.reject(frozen)))).toBe(frozen);
  });
});

describe('an exception that the IDL declares', () => {
  class Declared extends Error {
    read(): void {}
    write(): void {}
  }
  class DeclaredBySymbols extends Error {
    [Symbol.for('read')](): void {}
    [Symbol.for('write')](): void {}
  }

  it.each([new Declared('no such account'), new DeclaredBySymbols('no such account')])(
    'passes as it is, and the converter is not asked (%s)',
    async (exception) => {
      const as = vi.fn();
      expect(await rejection(runCall({ as }, () => Promise.reject(exception)))).toBe(exception);
      expect(as).not.toHaveBeenCalled();
      expect(lines).toEqual([]);
    },
  );

  it('is no exception unless it is an error that can both read and write itself', async () => {
    const half = Object.assign(new Error(SECRET), { write: () => undefined });
    const stream = { read: () => undefined, write: () => undefined };
    for (const thrown of [half, stream]) {
      const exception = await exceptionOf(runCall({}, () => Promise.reject(thrown)));
      expect(exception.status).toBe('INTERNAL');
    }
  });
});

describe('the converter', () => {
  it('decides what is thrown, knowing the exception and the error behind it', async () => {
    const original = driverError();
    const as = vi.fn((exception: ServiceException) => ({ declared: exception.reason }));
    const thrown = await rejection(runCall({ as }, () => Promise.reject(original)));
    expect(thrown).toEqual({ declared: 'CONNECTION_LOST' });
    expect(as).toHaveBeenCalledExactlyOnceWith(expect.any(ServiceException), original);
  });

  it("is given an author's own exception too", async () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account');
    const as = vi.fn(() => 'declared');
    await rejection(runCall({ as }, () => Promise.reject(exception)));
    expect(as).toHaveBeenCalledExactlyOnceWith(exception, exception);
  });

  it('is not asked when a repeat repairs the call', async () => {
    const as = vi.fn();
    let runs = 0;
    await runCall({ as, idempotent: true }, () => {
      runs += 1;
      if (runs === 1) throw driverError();
    });
    expect(as).not.toHaveBeenCalled();
  });
});
