import { Metadata, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { failureDetails, freshConnections } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { currentCall, runCall } from '../../../../src/core/call/index.js';
import { connections } from '../../../../src/core/registry/registry.js';
import type { Resource } from '../../../../src/core/registry/resource.js';
import { recordFailure, ServiceException } from '../../../../src/errors/index.js';
import { collectLog } from './support/collecting-logger.js';
import { echo, type Note, serve, wireText } from './support/echo-server.js';
import { connectionLost } from './support/failures.js';

type Call = ServerUnaryCall<Note, Note>;
type Callback = sendUnaryData<Note>;

const log = collectLog();
const fresh = freshConnections({ services: [echo] });

describe('a unary call through the interceptor', () => {
  it('replies as without it, initial metadata and trailers included', async () => {
    const { unary } = await serve([fresh], {
      Write: (call: Call, callback: Callback) => {
        const initial = new Metadata();
        initial.set('first', '1');
        call.sendMetadata(initial);
        const trailers = new Metadata();
        trailers.set('last', '2');
        callback(null, { text: `${call.request.text}!` }, trailers);
      },
    });
    const reply = await unary('Write', 'hello');
    expect(reply.error).toBeUndefined();
    expect(reply.text).toBe('hello!');
    expect(reply.metadata?.get('first')).toEqual(['1']);
    expect(reply.status.metadata.get('last')).toEqual(['2']);
  });

  it('is a call of the engine, named after its path', async () => {
    const seen: unknown[] = [];
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => {
        seen.push(currentCall()?.method, currentCall()?.parent, currentCall()?.idempotent);
        callback(null, { text: '' });
      },
      Read: (_call: Call, callback: Callback) => {
        seen.push(currentCall()?.idempotent);
        callback(null, { text: '' });
      },
    });
    await unary('Write', '');
    await unary('Read', '');
    expect(seen).toEqual(['fresh.test.Echo/Write', undefined, false, true]);
  });

  it('shares its budget with a call that runs inside it', async () => {
    let runs = 0;
    const { unary } = await serve([fresh], {
      Read: (_call: Call, callback: Callback) => {
        const outer = currentCall();
        runCall({ method: 'inner', idempotent: true }, (inner) => {
          expect(inner.parent).toBe(outer);
          expect(inner.id).toBe(outer?.id);
          runs += 1;
          throw connectionLost();
        }).then(
          () => callback(null, { text: '' }),
          (error) => callback(error),
        );
      },
    });
    const { error } = await unary('Read', '');
    expect(runs).toBe(3);
    expect(error?.code).toBe(status.UNAVAILABLE);
    expect(failureDetails(error)?.reason).toBe('CONNECTION_LOST');
  });

  it('is answered only after a transaction around the handler went well', async () => {
    const resource: Resource = {
      name: 'ledger',
      health: 'up',
      dropObsolete: () => 0,
      drain: async () => undefined,
      transaction: async (work) => {
        await work();
        throw recordFailure(new Error('secret: the commit was lost'), {
          status: 'UNKNOWN',
          reason: 'OUTCOME_UNKNOWN',
          outcome: 'unknown',
          transient: true,
          fatal: true,
        });
      },
    };
    connections.add(resource);
    try {
      const { unary } = await serve([freshConnections({ transaction: 'ledger' })], {
        Write: (_call: Call, callback: Callback) => callback(null, { text: 'done' }),
      });
      const reply = await unary('Write', '');
      expect(reply.text).toBeUndefined();
      expect(reply.error?.code).toBe(status.UNKNOWN);
      expect(failureDetails(reply.error)).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
      expect(reply.status.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
    } finally {
      connections.delete(resource);
    }
  });
});

describe('a unary call that fails', () => {
  it('tells a ServiceException as it is, with details', async () => {
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) =>
        callback(
          new ServiceException('RESOURCE_EXHAUSTED', 'ten transfers a day', {
            reason: 'DAILY_LIMIT',
            retryable: true,
            retryAfterMs: 1500.2,
          }),
        ),
    });
    const reply = await unary('Write', '');
    expect(reply.error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'ten transfers a day' });
    const details = failureDetails(reply.error);
    expect(details).toMatchObject({ reason: 'DAILY_LIMIT', outcome: 'none', retryAfterMs: 1501 });
    expect(details?.callId).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.status.metadata.get('grpc-retry-pushback-ms')).toEqual(['1501']);
    expect(reply.metadata, 'a trailers-only reply').toBeUndefined();
  });

  it('masks any other error, and logs it under the call id that the client was told', async () => {
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => callback(new Error('secret: SELECT * FROM account')),
    });
    const reply = await unary('Write', '');
    expect(reply.error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
    expect(wireText(reply)).not.toMatch(/secret|SELECT|account/);
    const callId = failureDetails(reply.error)?.callId;
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({
      level: 'error',
      fields: { callId, text: 'secret: SELECT * FROM account' },
    });
    expect(reply.status.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
  });

  it("masks an error that has a gRPC code, as an upstream client's has", async () => {
    const upstream = Object.assign(new Error('14 UNAVAILABLE: secret connect ECONNREFUSED 10.0.0.3'), {
      code: status.UNAVAILABLE,
      details: 'secret connect ECONNREFUSED 10.0.0.3',
      metadata: new Metadata(),
    });
    upstream.metadata.set('secret-host', '10.0.0.3');
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => callback(upstream),
    });
    const reply = await unary('Write', '');
    expect(reply.error?.code).toBe(status.INTERNAL);
    expect(wireText(reply)).not.toMatch(/secret|10\.0/);
  });

  it("passes an author's status object as it is, trailers included", async () => {
    const trailers = new Metadata();
    trailers.set('account', '7');
    const { unary } = await serve([fresh], {
      Read: (call: Call, callback: Callback) =>
        call.request.text === 'trailer'
          ? callback({ code: status.NOT_FOUND, message: 'no such account' }, null, trailers)
          : callback({ code: status.NOT_FOUND, details: 'no such account', metadata: trailers }),
    });
    for (const text of ['trailer', 'metadata']) {
      const { error, status: sent } = await unary('Read', text);
      expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such account' });
      expect(sent.metadata.getMap()).toMatchObject({ account: '7' });
      expect(failureDetails(error)).toBeUndefined();
    }
    expect(log).toEqual([]);
  });

  it('masks a status object whose code is none of gRPC', async () => {
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => callback({ code: 4031 as number, details: 'secret' }),
    });
    const reply = await unary('Write', '');
    expect(reply.error?.code).toBe(status.INTERNAL);
    expect(wireText(reply)).not.toMatch(/secret/);
  });

  it.each(['throws', 'rejects', 'rejects with nothing', 'throws a string'])(
    'is one status when the handler %s',
    async (how) => {
      const ways: Record<string, () => unknown> = {
        throws: () => {
          throw new Error('secret');
        },
        rejects: () => Promise.reject(new Error('secret')),
        'rejects with nothing': () => Promise.reject(undefined),
        'throws a string': () => {
          throw 'secret';
        },
      };
      const { unary } = await serve([fresh], { Write: () => ways[how]?.() });
      const reply = await unary('Write', '');
      expect(reply.error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(wireText(reply)).not.toMatch(/secret/);
    },
  );

  it('hears the first callback only, and logs an error that comes after it', async () => {
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => {
        callback(null, { text: 'first' });
        callback(null, { text: 'second' });
        callback(new Error('third'));
      },
    });
    expect(await unary('Write', '')).toMatchObject({ text: 'first', error: undefined });
    expect(log.map(({ message }) => message)).toEqual(['a handler failed after it had answered']);
  });
});

describe('the third ring of repair', () => {
  it('runs an idempotent method again after a failure without effect', async () => {
    let runs = 0;
    const { unary } = await serve([fresh], {
      Read: (call: Call, callback: Callback) => {
        runs += 1;
        if (runs === 1) callback(connectionLost());
        else callback(null, { text: `${call.request.text} in run ${runs}` });
      },
    });
    expect(await unary('Read', 'read')).toMatchObject({ text: 'read in run 2', error: undefined });
  });

  it('does not run any other method again, and tells the client that it may', async () => {
    let runs = 0;
    const { unary } = await serve([fresh], {
      Write: (_call: Call, callback: Callback) => {
        runs += 1;
        callback(connectionLost());
      },
    });
    const reply = await unary('Write', '');
    expect(runs).toBe(1);
    expect(reply.error).toMatchObject({ code: status.UNAVAILABLE, details: 'a connection was lost' });
    expect(failureDetails(reply.error)).toMatchObject({ reason: 'CONNECTION_LOST', outcome: 'none' });
    expect(reply.status.metadata.get('grpc-retry-pushback-ms')).toEqual([]);
    expect(wireText(reply)).not.toMatch(/secret|ECONN|10\.0/);
  });

  it.each([1, 2, 5])('runs it %i times when maxAttempts says so', async (maxAttempts) => {
    let runs = 0;
    const { unary } = await serve([freshConnections({ services: [echo], maxAttempts })], {
      Read: (_call: Call, callback: Callback) => {
        runs += 1;
        callback(connectionLost());
      },
    });
    expect((await unary('Read', '')).error?.code).toBe(status.UNAVAILABLE);
    expect(runs).toBe(maxAttempts);
  });

  it('runs a handler again that throws or rejects', async () => {
    let runs = 0;
    const { unary } = await serve([fresh], {
      Read: async (_call: Call, callback: Callback) => {
        runs += 1;
        if (runs < 3) throw connectionLost();
        callback(null, { text: 'third' });
      },
    });
    expect((await unary('Read', '')).text).toBe('third');
  });

  it('drops what an earlier attempt sends after it failed, whatever context it sends it in', async () => {
    let runs = 0;
    let straggle: (() => void) | undefined;
    const { unary } = await serve([fresh], {
      Read: (call: Call, callback: Callback) => {
        runs += 1;
        const run = runs;
        const initial = new Metadata();
        initial.set('run', String(run));
        if (run === 1) {
          straggle = () => {
            call.sendMetadata(initial);
            callback(null, { text: 'stray' });
            callback({ code: status.ABORTED, details: 'stray' });
          };
          setImmediate(straggle);
          callback(connectionLost());
          return;
        }
        straggle?.();
        setTimeout(() => {
          straggle?.();
          call.sendMetadata(initial);
          callback(null, { text: 'second' });
        }, 20);
      },
    });
    const reply = await unary('Read', '');
    expect(reply.text).toBe('second');
    expect(reply.error).toBeUndefined();
    expect(reply.metadata?.get('run')).toEqual(['2']);
    expect(runs).toBe(2);
  });

  it('holds initial metadata back: that of a failed attempt is never seen', async () => {
    let runs = 0;
    const { unary } = await serve([fresh], {
      Read: (call: Call, callback: Callback) => {
        runs += 1;
        const initial = new Metadata();
        initial.set(`run-${runs}`, 'yes');
        call.sendMetadata(initial);
        if (call.request.text === 'fail' || runs === 1) callback(connectionLost());
        else callback(null, { text: '' });
      },
    });
    const { metadata } = await unary('Read', '');
    expect(metadata?.get('run-2')).toEqual(['yes']);
    expect(metadata?.get('run-1')).toEqual([]);
    expect((await unary('Read', 'fail')).metadata, 'a trailers-only reply').toBeUndefined();
  });

  it('obeys the options of the method over the definition', async () => {
    const runs: Record<string, number> = {};
    const fail = (call: Call, callback: Callback): void => {
      runs[call.getPath()] = (runs[call.getPath()] ?? 0) + 1;
      callback(connectionLost());
    };
    const methods = { Write: { idempotent: true }, '/fresh.test.Echo/Read': { idempotent: false } };
    const { unary } = await serve([freshConnections({ services: [echo], methods, maxAttempts: 2 })], {
      Read: fail,
      Write: fail,
    });
    await unary('Read', '');
    await unary('Write', '');
    expect(runs).toEqual({ '/fresh.test.Echo/Read': 1, '/fresh.test.Echo/Write': 2 });
  });
});
