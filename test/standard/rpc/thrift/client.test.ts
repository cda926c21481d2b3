import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import thrift from 'thrift';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ServiceException } from '../../../../src/errors/index.js';
import {
  attach,
  freshProcessor,
  freshThriftClient,
  type ThriftConnection,
  type ThriftProcessor,
  thriftException,
} from '../../../../src/rpc/thrift/index.js';
import { freePort } from '../../../../src/testing/free-port.js';
import plainQuirks from './gen/plain/Quirks.js';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import { ServiceException as DeclaredException } from './gen/service_exception_types.js';
import { collectLogs } from './support/collect-logs.js';
import { deferred } from './support/deferred.js';
import { quirksHandler } from './support/quirks-handler.js';
import { framedBinary, serve, wires } from './support/serve.js';

collectLogs();

const connectTo =
  (port: number, wire = framedBinary) =>
  (): ThriftConnection =>
    thrift.createConnection('127.0.0.1', port, wire);

/** A client that is closed after the test. */
function clientOf(port: number, options: Parameters<typeof freshThriftClient<typeof Quirks>>[2] = {}) {
  const fresh = freshThriftClient(connectTo(port), Quirks, options);
  onTestFinished(() => fresh.close());
  return fresh.client;
}

/** A server that does with connections what the test says. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port, server };
}

test.each(wires)(
  'over %s calls, exceptions and oneway calls go as with the generated client',
  async (_, wire) => {
    const fired = deferred<string>();
    const handler = quirksHandler({
      three: (a: string, b: string, c: string) => a + b + c,
      declared: async (_what: string) => {
        throw new quirksTypes.Boom({ text: 'bang' });
      },
      fire: (a: string) => fired.resolve(a),
    });
    const { port } = await serve(freshProcessor(Quirks, handler), wire);
    for (const service of [Quirks, plainQuirks as unknown as typeof Quirks]) {
      await using fresh = freshThriftClient(connectTo(port, wire), service);
      await expect(fresh.client.three('x', 'y', 'z')).resolves.toBe('xyz');
      await expect(fresh.client.declared('x')).rejects.toMatchObject({ name: 'Boom', text: 'bang' });
      await expect(fresh.client.inherited('x')).resolves.toBe('inherited');
      await fresh.client.fire('a');
      await expect(fired.promise).resolves.toBe('a');
    }
  },
);

test('a service of a multiplexed server is called by its name', async () => {
  const multiplexed = new thrift.MultiplexedProcessor() as ThriftProcessor & {
    registerProcessor(name: string, processor: ThriftProcessor): void;
  };
  multiplexed.registerProcessor('One', freshProcessor(Quirks, quirksHandler({ none: () => 'one' })));
  multiplexed.registerProcessor('Two', freshProcessor(Quirks, quirksHandler({ none: () => 'two' })));
  for (const [, wire] of wires) {
    const { port } = await serve(multiplexed, wire);
    await using two = freshThriftClient(connectTo(port, wire), Quirks, { multiplexed: 'Two' });
    await expect(two.client.none()).resolves.toBe('two');
  }
});

describe("a server's status reaches the caller", () => {
  test('out of the text of a TApplicationException', async () => {
    const handler = quirksHandler({
      undeclared: async (_what: string) => {
        throw new ServiceException('NOT_FOUND', 'no (such) thing: none', { reason: 'NO_THING' });
      },
    });
    const { port } = await serve(freshProcessor(Quirks, handler));
    const error = await clientOf(port)
      .undeclared('x')
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(ServiceException);
    expect(error).toMatchObject({ status: 'NOT_FOUND', code: 5, reason: 'NO_THING', retryable: false });
    expect(error.message).toBe('no (such) thing: none');
    expect(error.callId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('as the exception that the method declares', async () => {
    const handler = quirksHandler({
      declared: async (_what: string) => {
        throw new ServiceException('NOT_FOUND', 'no such thing');
      },
    });
    const as = thriftException(DeclaredException);
    const { port } = await serve(freshProcessor(Quirks, handler, { as }));
    const error = await clientOf(port)
      .declared('x')
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(DeclaredException);
    expect(error.status).toBe('NOT_FOUND');
  });

  test('and a call that surely had no effect is repeated, with what its exception declares and without', async () => {
    let runs = 0;
    const busy = async (_what: string): Promise<string> => {
      runs += 1;
      if (runs < 3) throw new ServiceException('ABORTED', 'again', { reason: 'DEADLOCK', retryable: true });
      return `run ${runs}`;
    };
    const handler = quirksHandler({ declared: busy, undeclared: busy });
    const { port } = await serve(freshProcessor(Quirks, handler, { as: thriftException(DeclaredException) }));
    await expect(clientOf(port).declared('x')).resolves.toBe('run 3');
    runs = 0;
    await expect(clientOf(port).undeclared('x')).resolves.toBe('run 3');
    runs = 0;
    await expect(clientOf(port, { maxAttempts: 2 }).undeclared('x')).rejects.toMatchObject({
      status: 'ABORTED',
    });
    expect(runs).toBe(2);
  });

  test('and one whose effect is not known is not', async () => {
    let runs = 0;
    const doubtful = async (_what: string): Promise<string> => {
      runs += 1;
      throw new ServiceException('UNKNOWN', 'who knows', { reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
    };
    const { port } = await serve(freshProcessor(Quirks, quirksHandler({ undeclared: doubtful })));
    await expect(clientOf(port).undeclared('x')).rejects.toMatchObject({ outcome: 'unknown' });
    expect(runs).toBe(1);
  });
});

describe('a call settles', () => {
  test('when nobody listens: at the deadline, with UNAVAILABLE and without effect', async () => {
    const client = clientOf(await freePort(), { timeoutMs: 200 });
    const startedAt = performance.now();
    await expect(client.none()).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      reason: 'SERVER_DOWN',
      outcome: 'none',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });

  test('as soon as somebody listens', async () => {
    const port = await freePort();
    const call = clientOf(port).none();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const server = thrift.createServer(freshProcessor(Quirks, quirksHandler({})), undefined, framedBinary);
    const attached = attach(server);
    onTestFinished(() => attached.drain(0));
    server.listen(port, '127.0.0.1');
    await expect(call).resolves.toBe('none');
  });

  test('when no reply comes: at the deadline, and the next call goes over another connection', async () => {
    const sockets: Socket[] = [];
    const { port } = await rawServer((socket) => sockets.push(socket.resume()));
    const client = clientOf(port, { timeoutMs: 100 });
    await expect(client.none()).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
    await expect(client.none()).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    expect(sockets).toHaveLength(2);
  });

  test('when the connection is lost while it runs: OUTCOME_UNKNOWN, sent once', async () => {
    let connections = 0;
    const { port } = await rawServer((socket) => {
      connections += 1;
      socket.once('data', () => socket.destroy());
    });
    await expect(clientOf(port).none()).rejects.toMatchObject({
      status: 'UNKNOWN',
      reason: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
    expect(connections).toBe(1);
  });

  test('when it is idempotent and the connection is lost: after it was repeated', async () => {
    const served = await serve(freshProcessor(Quirks, quirksHandler({})));
    let connections = 0;
    const { port } = await rawServer((socket) => {
      connections += 1;
      if (connections < 3) return socket.once('data', () => socket.resetAndDestroy());
      const { connection } = served.connect();
      socket.pipe(connection).pipe(socket);
      return undefined;
    });
    const client = clientOf(port, { methods: { none: { idempotent: true } } });
    await expect(client.none()).resolves.toBe('none');
    expect(connections).toBe(3);
  });

  test('when the reply is garbage', async () => {
    const { port } = await rawServer((socket) =>
      socket.once('data', () => socket.write(Buffer.of(0, 0, 0, 4, 255, 2, 3, 4))),
    );
    await expect(clientOf(port, { timeoutMs: 5_000 }).none()).rejects.toMatchObject({
      reason: 'OUTCOME_UNKNOWN',
    });
  });

  test('when the client is closed, and further ones are refused', async () => {
    const { port } = await rawServer((socket) => socket.resume());
    const { client, close } = freshThriftClient(connectTo(port), Quirks);
    const running = client.none();
    running.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    close();
    await expect(running).rejects.toMatchObject({ status: 'CANCELLED', reason: 'CLOSED' });
    await expect(client.none()).rejects.toMatchObject({ status: 'CANCELLED', reason: 'CLOSED' });
  });

  test('when its arguments do not serialize, and the connection is as good as before', async () => {
    const { port } = await serve(freshProcessor(Quirks, quirksHandler({})));
    const client = clientOf(port);
    await expect(client.three({} as string, 'b', 'c')).rejects.toThrow('without a string');
    await expect(client.none()).resolves.toBe('none');
  });
});

test('a restart under load loses no idempotent call and doubles no other', { timeout: 60_000 }, async () => {
  const port = await freePort();
  const runs = new Map<string, number>();
  const handler = quirksHandler({
    three: async (a: string, _b: string, _c: string) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return a;
    },
    undeclared: async (what: string) => {
      runs.set(what, (runs.get(what) ?? 0) + 1);
      return what;
    },
  });
  const start = async () => {
    const server = thrift.createServer(freshProcessor(Quirks, handler), undefined, framedBinary);
    const attached = attach(server);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return attached;
  };
  let attached = await start();
  onTestFinished(() => attached.drain(0));
  let done = false;
  let served = 0;
  const failures: unknown[] = [];
  const load = Array.from({ length: 8 }, async (_, worker) => {
    const client = clientOf(port, { maxAttempts: 10, methods: { three: { idempotent: true } } });
    for (let call = 0; !done; call += 1) {
      const name = `${worker}.${call}`;
      if ((await client.three(name, '', '')) === name) served += 1;
      await client.undeclared(name).then(
        (answer) => expect(answer).toBe(name),
        (error) => failures.push(error),
      );
    }
  });
  for (let restart = 0; restart < 5; restart += 1) {
    const before = served;
    while (served < before + 200) await new Promise(setImmediate);
    await attached.drain();
    attached = await start();
  }
  done = true;
  await Promise.all(load);
  expect(served).toBeGreaterThan(1000);
  expect(Math.max(...runs.values())).toBe(1);
  // Whoever is not answered is told that it is not known, and nothing else.
  for (const failure of failures) expect(failure).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  expect(failures.length).toBeLessThan(40);
});

test('what is no service, no connection, or no option is refused by name', async () => {
  // @ts-expect-error no function
  expect(() => freshThriftClient(undefined, Quirks)).toThrow('expected a function that connects');
  // @ts-expect-error no client
  expect(() => freshThriftClient(connectTo(1), {})).toThrow('expected a generated Client');
  // @ts-expect-error no such option
  expect(() => freshThriftClient(connectTo(1), Quirks, { retries: 1 })).toThrow('unknown option "retries"');
  expect(() => freshThriftClient(connectTo(1), Quirks, { timeoutMs: 0 })).toThrow(RangeError);
  // @ts-expect-error no such method
  expect(() => freshThriftClient(connectTo(1), Quirks, { methods: { nine: {} } })).toThrow(
    'no method "nine"',
  );
  const nothing = freshThriftClient(() => ({}) as unknown as ThriftConnection, Quirks);
  await expect(nothing.client.none()).rejects.toThrow('returns a new connection of thrift.createConnection');
});
