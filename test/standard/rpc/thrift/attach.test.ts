import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import thrift, { type Connection } from 'thrift';
import { describe, expect, onTestFinished, test } from 'vitest';
import { currentCall } from '../../../../src/core/call/current-call.js';
import { attach, freshProcessor } from '../../../../src/rpc/thrift/index.js';
import { createCertificate } from '../../../../src/testing/database/certificate.js';
import Quirks from './gen/Quirks.js';
import { collectLogs } from './support/collect-logs.js';
import { deferred } from './support/deferred.js';
import { quirksHandler } from './support/quirks-handler.js';
import { framedBinary, serve, wires } from './support/serve.js';

const logs = collectLogs();

/** A client that speaks no Thrift. */
async function stranger(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const garbage: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ['a frame that is no message', Buffer.from([0, 0, 0, 4, 1, 2, 3, 4])],
  ['a frame of negative length', Buffer.from([255, 255, 255, 255, 1, 2, 3, 4])],
  ['a frame longer than allowed', Buffer.from([127, 255, 255, 255, 1, 2, 3, 4])],
  ['an empty frame', Buffer.from([0, 0, 0, 0])],
  ['zeros', Buffer.alloc(1000)],
  ['noise', Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 251))],
  ['a TLS hello', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])],
  ['a reply', Buffer.from([0, 0, 0, 17, 128, 1, 0, 2, 0, 0, 0, 4, 110, 111, 110, 101, 0, 0, 0, 1, 0])],
];

describe.each(wires)('over %s', (_name, wire) => {
  test.each(garbage)(
    '%s does not end the process, and a good client is served beside it',
    async (_what, bytes) => {
      const { client, port } = await serve(freshProcessor(Quirks, quirksHandler({})), wire);
      const quirks = client(Quirks);
      await quirks.none();
      const bad = await stranger(port);
      bad.write(bytes);
      await expect(quirks.none()).resolves.toBe('none');
      bad.resetAndDestroy();
      await expect(client(Quirks).none()).resolves.toBe('none');
    },
  );
});

test('a connection on which garbage came is closed, and the log says so', async () => {
  const { port } = await serve(freshProcessor(Quirks, quirksHandler({})));
  const bad = await stranger(port);
  bad.write('GET / HTTP/1.1\r\n\r\n');
  bad.resume();
  await once(bad, 'close');
  expect(logs).toMatchObject([
    { level: 'warn', message: 'a connection of the Thrift server was closed on an error' },
  ]);
});

test('a client that resets its connection is no news', async () => {
  const { port, attached } = await serve(freshProcessor(Quirks, quirksHandler({})));
  const bad = await stranger(port);
  while (attached.connections === 0) await new Promise(setImmediate);
  bad.resetAndDestroy();
  while (attached.connections > 0) await new Promise(setImmediate);
  expect(logs.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('a client that goes away cancels its calls and no others', async () => {
  const started = deferred();
  const cancelled = deferred<unknown>();
  const finish = deferred<string>();
  const handler = quirksHandler({
    undeclared: (what: string) => {
      if (what === 'stays') return finish.promise;
      const signal = currentCall()?.signal;
      signal?.addEventListener('abort', () => cancelled.resolve(signal.reason), { once: true });
      started.resolve();
      return new Promise(() => undefined);
    },
  });
  const { client, connect, attached } = await serve(freshProcessor(Quirks, handler));
  const staying = client(Quirks).undeclared('stays');
  const leaving = connect();
  thrift
    .createClient(Quirks, leaving)
    .undeclared('leaves')
    .catch(() => undefined);
  await started.promise;
  expect(attached.callsInFlight).toBe(2);
  leaving.destroy();
  await expect(cancelled.promise).resolves.toMatchObject({ status: 'CANCELLED' });
  while (attached.callsInFlight > 1) await new Promise(setImmediate);
  finish.resolve('served');
  await expect(staying).resolves.toBe('served');
});

test('a TLS server is attached, drained and cancels as a plain one does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fresh-connections-thrift-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { keyFile, certificateFile, ca } = await createCertificate(folder);
  const tls = { key: await readFile(keyFile), cert: await readFile(certificateFile) };
  const started = deferred();
  const cancelled = deferred<unknown>();
  const handler = quirksHandler({
    undeclared: (_what: string) => {
      const signal = currentCall()?.signal;
      signal?.addEventListener('abort', () => cancelled.resolve(signal.reason), { once: true });
      started.resolve();
      return new Promise(() => undefined);
    },
  });
  const server = thrift.createServer(freshProcessor(Quirks, handler), undefined, { ...framedBinary, tls });
  const attached = attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secure = (): Connection => {
    const options = { ...framedBinary, ca };
    const connection = thrift.createSSLConnection('127.0.0.1', port, options);
    return connection.on('error', () => undefined);
  };

  const staying = thrift.createClient(Quirks, secure());
  await expect(staying.none()).resolves.toBe('none');
  const bad = await stranger(port);
  bad.write('GET / HTTP/1.1\r\n\r\n');
  const leaving = secure();
  const call = thrift.createClient(Quirks, leaving).undeclared('x');
  call.catch(() => undefined);
  await started.promise;
  leaving.destroy();
  await expect(cancelled.promise).resolves.toMatchObject({ status: 'CANCELLED' });
  await expect(staying.none()).resolves.toBe('none');
  await stranger(port); // Never shakes hands.
  await attached.drain(100);
  expect(attached).toMatchObject({ callsInFlight: 0, connections: 0 });
});

test('a server on a unix socket is attached and drained as well', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fresh-connections-thrift-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'thrift.sock');
  const server = thrift.createServer(freshProcessor(Quirks, quirksHandler({})), undefined, framedBinary);
  const attached = attach(server);
  server.listen(path);
  await once(server, 'listening');
  const { createUDSConnection } = thrift as unknown as {
    createUDSConnection(path: string, options: object): Connection;
  };
  const client = thrift.createClient(Quirks, createUDSConnection(path, framedBinary));
  await expect(client.none()).resolves.toBe('none');
  await attached.drain();
  expect(attached.connections).toBe(0);
});

describe('drain', () => {
  /** A server with a call in flight that ends when the test says so. */
  async function busy(drainMs = 10_000) {
    const started = deferred();
    const finish = deferred<string>();
    const aborted = deferred<unknown>();
    const handler = quirksHandler({
      undeclared: async (_what: string) => {
        const signal = currentCall()?.signal;
        signal?.addEventListener('abort', () => aborted.resolve(signal.reason));
        started.resolve();
        return finish.promise;
      },
    });
    const served = await serve(freshProcessor(Quirks, handler), undefined, { drainMs });
    const connection = served.connect();
    const client = thrift.createClient(Quirks, connection);
    const call = client.undeclared('x');
    call.catch(() => undefined);
    await started.promise;
    return { ...served, connection, client, call, finish, aborted };
  }

  test('waits for calls in flight, answers them and closes the connections', async () => {
    const { attached, connection, call, finish, port } = await busy();
    const closed = once(connection.connection, 'close');
    let drained = false;
    const drain = attached.drain().then(() => {
      drained = true;
    });
    const refused = connectSocket(port, '127.0.0.1');
    await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(drained).toBe(false);
    finish.resolve('in time');
    await expect(call).resolves.toBe('in time');
    await drain;
    await closed;
    expect(attached).toMatchObject({ callsInFlight: 0, connections: 0 });
    expect(logs.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  test('answers further calls on open connections with UNAVAILABLE', async () => {
    const { attached, client, call, finish } = await busy();
    const drain = attached.drain();
    await expect(client.none()).rejects.toThrow(
      /^UNAVAILABLE CLOSED: the service is shutting down \(call [0-9a-f-]{36}\)$/,
    );
    finish.resolve('in time');
    await expect(call).resolves.toBe('in time');
    await drain;
  });

  test('cancels at the deadline what is still running, and says so', async () => {
    const { attached, connection, aborted } = await busy();
    const closed = once(connection.connection, 'close');
    await attached.drain(20);
    await closed;
    await expect(aborted.promise).resolves.toMatchObject({ status: 'CANCELLED' });
    const drained = 'the deadline for draining passed; calls are cancelled';
    expect(logs.filter(({ message }) => message === drained)).toMatchObject([{ fields: { calls: 1 } }]);
  });

  test('of an idle server closes its connections at once, also those of peers that never close', async () => {
    const { attached, port } = await serve(freshProcessor(Quirks, quirksHandler({})));
    const halfOpen = connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true });
    halfOpen.on('error', () => undefined);
    await once(halfOpen, 'connect');
    while (attached.connections === 0) await new Promise(setImmediate);
    await attached.drain();
    expect(attached.connections).toBe(0);
    halfOpen.destroy();
  });

  test('twice is draining once, and a server that never listened is drained as well', async () => {
    const server = createServer();
    const attached = attach(server);
    const first = attached.drain();
    expect(attached.drain()).toBe(first);
    await first;
    await serve(freshProcessor(Quirks, quirksHandler({})));
  });
});

test('a server that cannot listen still throws, unless somebody listens for its errors', async () => {
  const { port } = await serve(freshProcessor(Quirks, quirksHandler({})));
  const inUse = Object.assign(new Error('in use'), { code: 'EADDRINUSE', syscall: 'listen' });
  const server = createServer();
  attach(server);
  expect(() => server.emit('error', inUse)).toThrow(inUse);
  const errors = once(server, 'error');
  server.listen(port, '127.0.0.1');
  await expect(errors).resolves.toMatchObject([{ code: 'EADDRINUSE' }]);
});

test('attach refuses what is no Thrift server, unknown options and a second time', () => {
  // @ts-expect-error no server
  expect(() => attach(undefined)).toThrow('attach: expected a server');
  expect(() => attach(createHttpServer())).toThrow('got an HTTP server');
  // @ts-expect-error no such option
  expect(() => attach(createServer(), { drain: 1 })).toThrow(
    'attach: unknown option "drain"; known: maxFrameBytes',
  );
  expect(() => attach(createServer(), { drainMs: -1 })).toThrow(RangeError);
  const server = createServer();
  attach(server);
  expect(() => attach(server)).toThrow('attached already');
});
