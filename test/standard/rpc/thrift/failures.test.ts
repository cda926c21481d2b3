import thrift from 'thrift';
import { describe, expect, test } from 'vitest';
import AccountService from '../../../../examples/gen/AccountService.js';
import accountTypes from '../../../../examples/gen/account_types.js';
import exceptionTypes from '../../../../examples/gen/service_exception_types.js';
import { currentCall } from '../../../../src/core/call/current-call.js';
import { addCallHooks } from '../../../../src/core/call/hooks.js';
import { runCall } from '../../../../src/core/call/run-call.js';
import { type Failure, recordFailure, ServiceException } from '../../../../src/errors/index.js';
import { freshProcessor, thriftException } from '../../../../src/rpc/thrift/index.js';
import plainQuirks from './gen/plain/Quirks.js';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import ownTypes from './gen/service_exception_types.js';
import { collectLogs } from './support/collect-logs.js';
import { quirksHandler } from './support/quirks-handler.js';
import { received, serve, wires } from './support/serve.js';

const logs = collectLogs();

const { TApplicationException, TApplicationExceptionType } = thrift.Thrift;
const SECRET = "Access denied for user 'root'@'10.0.0.7' (using password: hunter2)";

/** What the driver of a resource would throw, judged by that resource. */
function lostConnection(more: Partial<Failure> = {}): Error {
  const error = Object.assign(new Error(SECRET), { code: 'PROTOCOL_CONNECTION_LOST', sql: SECRET });
  return recordFailure(error, {
    status: 'UNAVAILABLE',
    reason: 'CONNECTION_LOST',
    outcome: 'none',
    transient: true,
    fatal: true,
    ...more,
  });
}

describe('what no method declares becomes a TApplicationException without a word of its text', () => {
  const thrown: Record<string, (...args: never[]) => unknown> = {
    'a rejection': async (_what: string) => {
      throw new Error(SECRET);
    },
    'a synchronous throw': (_what: string) => {
      throw new Error(SECRET);
    },
    'a synchronous throw of a callback method': (_what: string, _done: () => void) => {
      throw new Error(SECRET);
    },
    'a rejection of a callback method': async (_what: string, _done: () => void) => {
      throw new Error(SECRET);
    },
    'an error given to the callback': (_what: string, done: (error: unknown) => void) =>
      done(new Error(SECRET)),
    'a string': (_what: string) => {
      throw SECRET;
    },
    'a string given to the callback': (_what: string, done: (error: unknown) => void) => done(SECRET),
    'a number that is falsy, given to the callback': (_what: string, done: (error: unknown) => void) =>
      done(0),
    'an object without a prototype': async (_what: string) => {
      throw Object.assign(Object.create(null), { message: SECRET });
    },
    'a rejection with undefined': (_what: string) => Promise.reject(undefined),
    'a throw of undefined': (_what: string) => {
      throw undefined;
    },
    'a rejection with null': (_what: string) => Promise.reject(null),
    'an exception of the IDL that this method does not declare': async (_what: string) => {
      throw new quirksTypes.Boom({ text: SECRET });
    },
    "another service's TApplicationException": async (_what: string) => {
      throw new TApplicationException(TApplicationExceptionType.PROTOCOL_ERROR, SECRET);
    },
  };

  test.each(Object.entries(thrown))('%s', async (_name, undeclared) => {
    for (const service of [Quirks, plainQuirks as unknown as typeof Quirks]) {
      const { connect } = await serve(freshProcessor(service, quirksHandler({ undeclared })));
      const connection = connect();
      const replies = received(connection);
      const client = thrift.createClient(Quirks, connection);
      const error = await client.undeclared('x').catch((reason) => reason);
      expect(error).toBeInstanceOf(TApplicationException);
      expect(error.type).toBe(TApplicationExceptionType.INTERNAL_ERROR);
      expect(error.message).toMatch(/^INTERNAL INTERNAL: internal error \(call [0-9a-f-]{36}\)$/);
      await client.none();
      expect(replies.frames()).toHaveLength(2);
      expect(replies.text()).not.toMatch(/hunter2|root|10\.0/);
      const callId = error.message.slice(-37, -1);
      expect(logs.filter((line) => line.level === 'error' && line.fields.callId === callId)).toHaveLength(1);
    }
  });
});

test('the masked cause is in the log under the id that the client was given', async () => {
  const handler = quirksHandler({
    undeclared: async (_what: string) => Promise.reject(new Error('the cause')),
  });
  const { client } = await serve(freshProcessor(Quirks, handler));
  const error = await client(Quirks)
    .undeclared('x')
    .catch((reason) => reason);
  const [line] = logs;
  expect(line?.fields).toMatchObject({ method: 'Quirks.undeclared', text: 'the cause' });
  expect(error.message).toContain(`(call ${line?.fields.callId})`);
});

test.each(wires)('over %s a TApplicationException has its type and text', async (_name, wire) => {
  const handler = quirksHandler({ undeclared: async (_what: string) => Promise.reject(lostConnection()) });
  const { client } = await serve(freshProcessor(Quirks, handler), wire);
  const error = await client(Quirks)
    .undeclared('x')
    .catch((reason) => reason);
  expect(error.type).toBe(TApplicationExceptionType.INTERNAL_ERROR);
  expect(error.message).toMatch(
    /^UNAVAILABLE CONNECTION_LOST: a connection was lost \(call [0-9a-f-]{36}\)$/,
  );
});

test('UNIMPLEMENTED is UNKNOWN_METHOD, as it is for a method that the service does not have', async () => {
  const handler = quirksHandler({
    undeclared: async (_what: string) => {
      throw new ServiceException('UNIMPLEMENTED', 'not yet', { reason: 'LATER' });
    },
  });
  const { client, connect } = await serve(freshProcessor(Quirks, handler));
  const error = await client(Quirks)
    .undeclared('x')
    .catch((reason) => reason);
  expect(error.type).toBe(TApplicationExceptionType.UNKNOWN_METHOD);
  expect(error.message).toMatch(/^UNIMPLEMENTED LATER: not yet \(call/);

  const stranger = thrift.createClient(AccountService, connect());
  const unknown = await stranger.history(new thrift.Int64(1)).catch((reason) => reason);
  expect(unknown.type).toBe(TApplicationExceptionType.UNKNOWN_METHOD);
  expect(unknown.message).toBe('UNIMPLEMENTED UNKNOWN_METHOD: unknown function history');
});

describe('a declared exception', () => {
  const declared = async (what: string): Promise<string> => {
    if (what === 'boom') throw new quirksTypes.Boom({ text: 'bang' });
    throw lostConnection({ retryAfterMs: 12.5 });
  };
  const as = thriftException(ownTypes.ServiceException);

  test('passes as it is, in promise style and in callback style', async () => {
    const callback = (_what: string, done: (error: unknown) => void) =>
      done(new quirksTypes.Boom({ text: 'bang' }));
    for (const method of [declared, callback]) {
      const { client } = await serve(freshProcessor(Quirks, quirksHandler({ declared: method }), { as }));
      const error = await client(Quirks)
        .declared('boom')
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(quirksTypes.Boom);
      expect(error.text).toBe('bang');
    }
    expect(logs).toEqual([]);
  });

  test.each(wires)('over %s is what a ServiceException becomes', async (_name, wire) => {
    const { client } = await serve(freshProcessor(Quirks, quirksHandler({ declared }), { as }), wire);
    const error = await client(Quirks)
      .declared('lost')
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(ownTypes.ServiceException);
    expect({ ...error }).toMatchObject({
      status: 'UNAVAILABLE',
      code: 14,
      message: 'a connection was lost',
      reason: 'CONNECTION_LOST',
      outcome: 'none',
      retryable: true,
      retryAfterMs: 13,
      callId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test("carries the words of a handler's own ServiceException", async () => {
    const handler = quirksHandler({
      declared: async (_what: string) => {
        throw new ServiceException('FAILED_PRECONDITION', 'the account is frozen', { reason: 'FROZEN' });
      },
    });
    const { client } = await serve(freshProcessor(Quirks, handler, { as }));
    await expect(client(Quirks).declared('x')).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'FROZEN',
      message: 'the account is frozen',
      retryAfterMs: null,
    });
    expect(logs).toEqual([]);
  });

  test('has only the fields that its class has', async () => {
    const handler = quirksHandler({ brief: async () => Promise.reject(lostConnection()) });
    const methods = { brief: { as: thriftException(quirksTypes.Brief) } };
    const { client } = await serve(freshProcessor(Quirks, handler, { as, methods }));
    const error = await client(Quirks)
      .brief()
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(quirksTypes.Brief);
    expect({ ...error }).toEqual({ name: 'Brief', code: 14, message: 'a connection was lost' });
  });

  test('is a TApplicationException where the method does not declare it', async () => {
    const handler = quirksHandler({ undeclared: async (_what: string) => Promise.reject(lostConnection()) });
    const { client } = await serve(freshProcessor(Quirks, handler, { as }));
    await expect(client(Quirks).undeclared('x')).rejects.toThrow(
      /^UNAVAILABLE CONNECTION_LOST: a connection was lost \(call [0-9a-f-]{36}\)$/,
    );
  });

  test('of a decorated handler is sent as such, and judged by what it was made of', async () => {
    // What a decorator with `as` does around a method.
    const decorated = (_what: string) => runCall({ as }, () => Promise.reject(lostConnection()));
    const handler = quirksHandler({ declared: decorated, undeclared: decorated });
    const { client } = await serve(freshProcessor(Quirks, handler));
    await expect(client(Quirks).declared('x')).rejects.toBeInstanceOf(ownTypes.ServiceException);
    await expect(client(Quirks).undeclared('x')).rejects.toThrow(/^UNAVAILABLE CONNECTION_LOST/);
  });

  test('of a decorated handler tells of an effect that only the outer call knows', async () => {
    const handler = quirksHandler({
      declared: async (_what: string) => {
        currentCall()?.noteEffect();
        return runCall({ as }, () => Promise.reject(lostConnection()));
      },
    });
    const { client } = await serve(freshProcessor(Quirks, handler));
    await expect(client(Quirks).declared('x')).rejects.toMatchObject({
      status: 'UNKNOWN',
      reason: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
  });

  test('that does not serialize is masked', async () => {
    const handler = quirksHandler({
      declared: async (_what: string) => {
        throw new quirksTypes.Boom({ text: { secret: SECRET } as unknown as string });
      },
    });
    const { client } = await serve(freshProcessor(Quirks, handler));
    await expect(client(Quirks).declared('x')).rejects.toThrow(/^INTERNAL INTERNAL: internal error/);
  });

  test('is not needed by an option "as" that throws', async () => {
    const handler = quirksHandler({ declared: async (_what: string) => Promise.reject(lostConnection()) });
    const broken = (): never => {
      throw new Error(SECRET);
    };
    const { client } = await serve(freshProcessor(Quirks, handler, { as: broken }));
    await expect(client(Quirks).declared('x')).rejects.toThrow(/^UNAVAILABLE CONNECTION_LOST/);
  });
});

describe('the account service', () => {
  test('masks an InsufficientFunds that balance does not declare', async () => {
    const handler = {
      create: async () => 1,
      balance: async (_id: unknown) => {
        throw new accountTypes.InsufficientFunds();
      },
      transfer: async () => undefined,
      history: async () => [],
      touch: () => undefined,
    };
    const as = thriftException(exceptionTypes.ServiceException);
    const { client } = await serve(freshProcessor(AccountService, handler, { as }));
    await expect(client(AccountService).balance(new thrift.Int64(1))).rejects.toMatchObject({
      name: 'ServiceException',
      status: 'INTERNAL',
      message: 'internal error',
      retryable: false,
    });
    expect(logs.at(-1)?.message).toBe('a handler threw an exception that its method does not declare');
  });
});

test.each(wires)(
  'over %s a result that does not serialize is one clean TApplicationException',
  async (_name, wire) => {
    const handler = quirksHandler({
      items: async (_count: number) => [
        new quirksTypes.Item({ name: 'fine', amount: 1 }),
        Object.assign(new quirksTypes.Item(), { name: { [SECRET]: Symbol(SECRET) } }),
      ],
    });
    const { connect } = await serve(freshProcessor(Quirks, handler), wire);
    const connection = connect();
    const replies = received(connection);
    const client = thrift.createClient(Quirks, connection);
    const error = await client.items(2).catch((reason) => reason);
    expect(error).toBeInstanceOf(TApplicationException);
    expect(error.type).toBe(TApplicationExceptionType.INTERNAL_ERROR);
    expect(error.message).toMatch(/^INTERNAL INTERNAL: internal error/);
    await expect(client.none()).resolves.toBe('none');
    expect(replies.text()).not.toMatch(/hunter2|fine/);
    expect(logs).toMatchObject([{ level: 'error', message: 'the result of a handler does not serialize' }]);
  },
);

test('a call that takes longer than timeoutMs is answered with DEADLINE_EXCEEDED, and its handler told', async () => {
  let reason: unknown;
  const handler = quirksHandler({
    undeclared: (_what: string, _done: () => void) => {
      const signal = currentCall()?.signal;
      signal?.addEventListener('abort', () => {
        reason = signal.reason;
      });
    },
    none: async () => `${currentCall()?.deadlineAt}`,
  });
  const options = { timeoutMs: 30, methods: { none: { timeoutMs: Number.POSITIVE_INFINITY } } };
  const { client } = await serve(freshProcessor(Quirks, handler, options));
  await expect(client(Quirks).undeclared('x')).rejects.toThrow(
    /^DEADLINE_EXCEEDED DEADLINE_EXCEEDED: the deadline/,
  );
  expect(reason).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  await expect(client(Quirks).none()).resolves.toBe('Infinity');
});

test('a method declared idempotent is run again, others are not', async () => {
  let runs = 0;
  const failTwice = async (): Promise<string> => {
    runs += 1;
    if (runs < 3) throw lostConnection({ outcome: 'unknown' });
    return `run ${runs}`;
  };
  const handler = quirksHandler({ none: failTwice, brief: failTwice });
  const { client } = await serve(
    freshProcessor(Quirks, handler, { methods: { none: { idempotent: true } } }),
  );
  await expect(client(Quirks).none()).resolves.toBe('run 3');
  runs = 0;
  await expect(client(Quirks).brief()).rejects.toThrow(/^UNAVAILABLE|^UNKNOWN/);
  expect(runs).toBe(1);
});

test('a oneway call that fails is logged, once', async () => {
  const errors = [
    new Error('a bug'),
    new ServiceException('ABORTED', 'no'),
    new quirksTypes.Boom({ text: 'bang' }),
  ];
  const handler = quirksHandler({
    fire: async (index: string) => {
      throw errors[Number(index)];
    },
  });
  const { client } = await serve(freshProcessor(Quirks, handler));
  const quirks = client(Quirks);
  for (const index of errors.keys()) {
    await quirks.fire(String(index));
    await quirks.none();
    expect(logs).toHaveLength(index + 1);
  }
  expect(logs.map(({ fields }) => fields.error)).toEqual(['Error', 'ServiceException', 'Boom']);
});

test('hooks see the call and the ServiceException with its cause', async () => {
  const seen: unknown[] = [];
  const remove = addCallHooks({ finish: ({ method }, { error }) => seen.push(method, error) });
  const cause = lostConnection();
  const handler = quirksHandler({ declared: async (_what: string) => Promise.reject(cause) });
  const processor = freshProcessor(Quirks, handler, { as: thriftException(ownTypes.ServiceException) });
  const { client } = await serve(processor);
  await client(Quirks)
    .declared('x')
    .catch(() => undefined);
  remove();
  expect(seen).toEqual(['Quirks.declared', expect.any(ServiceException)]);
  expect(seen[1]).toMatchObject({ status: 'UNAVAILABLE', cause });
});
