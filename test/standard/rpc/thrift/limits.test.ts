import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import thrift from 'thrift';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type AttachOptions,
  attach,
  freshProcessor,
  type ThriftProcessor,
} from '../../../../src/rpc/thrift/index.js';
import { createCertificate } from '../../../../src/testing/database/certificate.js';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import { collectLogs } from './support/collect-logs.js';
import { deferred } from './support/deferred.js';
import { quirksHandler } from './support/quirks-handler.js';
import { recordCall } from './support/record-call.js';
import { framedBinary, type Served, serve, wires } from './support/serve.js';

const logs = collectLogs();

const handler = quirksHandler({
  three: (a: string, b: string, c: string) => `${a.length}${b}${c}`,
  counts: (items: unknown[] | null, amounts: object | null, ids: unknown[] | null) =>
    (items?.length ?? 0) + Object.keys(amounts ?? {}).length + (ids?.length ?? 0),
});

function serveQuirks(wire = framedBinary, options: AttachOptions = {}): Promise<Served> {
  return serve(freshProcessor(Quirks, handler), wire, options);
}

/** A client that speaks bytes, and collects what comes back. */
async function rawClient(
  port: number,
): Promise<{ socket: Socket; received: Buffer[]; closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  const received: Buffer[] = [];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined).on('data', (data) => received.push(data));
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return { socket, received, closed };
}

/** Closed by the server, and the log says why. */
async function expectRefused(port: number, bytes: Buffer, why: RegExp): Promise<void> {
  const { socket, closed } = await rawClient(port);
  socket.write(bytes);
  await closed;
  expect(logs.map(({ fields }) => fields.text)).toContainEqual(expect.stringMatching(why));
}

const bigCall = (client: InstanceType<typeof Quirks.Client>) =>
  client.counts(
    Array.from({ length: 20 }, (_, index) => new quirksTypes.Item({ name: 'x'.repeat(50), amount: index })),
    { a: 1, b: 2 },
    [new thrift.Int64(1), new thrift.Int64(2), new thrift.Int64(3)],
    [[true, false], [], [false]],
  );

describe.each(wires)('over %s', (_name, wire) => {
  test('messages that come byte by byte, or many in a piece, are all served', async () => {
    const { port, attached } = await serveQuirks(wire);
    const { socket, received } = await rawClient(port);
    socket.setNoDelay(true);
    const one = recordCall(wire, bigCall);
    for (const byte of one) {
      socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    while (received.length === 0) await new Promise(setImmediate);
    const reply = Buffer.concat(received);
    const many = Buffer.concat(Array.from({ length: 100 }, () => one));
    // In pieces whose borders are everywhere.
    for (let at = 0; at < many.length; at += 997) socket.write(many.subarray(at, at + 997));
    const all = Buffer.concat(Array.from({ length: 101 }, () => reply));
    while (Buffer.concat(received).length < all.length) await new Promise(setImmediate);
    expect(Buffer.concat(received).equals(all)).toBe(true);
    expect(attached.heldBytes).toBe(0);
    expect(logs).toEqual([]);
  });

  test('a message of some megabytes is served, and one that is longer than allowed refused', async () => {
    const { client, port } = await serveQuirks(wire, { maxFrameBytes: 3_000_000 });
    await expect(client(Quirks).three('x'.repeat(2_500_000), 'y', 'z')).resolves.toBe('2500000yz');
    const long = recordCall(wire, (quirks) => quirks.three('x'.repeat(3_000_000), 'y', 'z'));
    await expectRefused(port, long, /at most 3000000 are taken/);
  });

  test('a message that is not complete in time is cut off, others are served meanwhile', async () => {
    const { client, port, attached } = await serveQuirks(wire, { frameTimeoutMs: 150 });
    const quirks = client(Quirks);
    const bytes = recordCall(wire, bigCall);
    const { socket, closed } = await rawClient(port);
    const startedAt = performance.now();
    socket.write(bytes);
    socket.write(bytes.subarray(0, -1));
    while (attached.heldBytes === 0) await quirks.none();
    await closed;
    expect(performance.now() - startedAt).toBeGreaterThan(140);
    expect(attached.heldBytes).toBe(0);
    expect(logs).toMatchObject([{ fields: { text: 'a message was not complete after 150 ms' } }]);
    await expect(quirks.none()).resolves.toBe('none');
  });

  test('a container that claims more than is there is refused, at once', async () => {
    const { port, client } = await serveQuirks(wire);
    const quirks = client(Quirks);
    await quirks.none();
    const call = recordCall(wire, bigCall);
    await expectRefused(port, claiming(call), /container|at most/);
    await expect(quirks.none()).resolves.toBe('none');
  });

  test('a message that ends before its last field is refused', async () => {
    const { port } = await serveQuirks(wire);
    const call = recordCall(wire, bigCall);
    const framed = wire.transport === thrift.TFramedTransport;
    // Without frames, what is missing may come yet: nothing tells it but the next message, if that.
    if (framed) {
      const cut = Buffer.from(call.subarray(0, -3));
      cut.writeUInt32BE(cut.length - 4);
      await expectRefused(port, cut, /a message that ends before its last field/);
    }
  });
});

/**
 * The same call with the list of 20 items saying that it has 30,000; without frames, where they may come yet, that
 * it has more than a message may be long.
 */
function claiming(call: Buffer): Buffer {
  const json = call.indexOf('"rec",20');
  const framed = call.readUInt32BE(0) === call.length - 4;
  const change = (at: number, was: number, by: Buffer): Buffer => {
    const changed = Buffer.concat([call.subarray(0, at), by, call.subarray(at + was)]);
    if (framed) changed.writeUInt32BE(changed.length - 4);
    return changed;
  };
  if (json >= 0) return change(json + 6, 2, Buffer.from('30000'));
  const binary = call.indexOf(Buffer.of(15, 0, 1, 12, 0, 0, 0, 20));
  if (binary >= 0)
    return change(binary + 4, 4, framed ? Buffer.of(0, 0, 0x75, 0x30) : Buffer.of(0, 0xff, 0xff, 0xff));
  const compact = call.indexOf(Buffer.of(0xfc, 20));
  return change(compact + 1, 1, framed ? Buffer.of(0xb0, 0xea, 0x01) : Buffer.of(0xff, 0xff, 0xff, 0x07));
}

const framedJson = { ...framedBinary, protocol: thrift.TJSONProtocol };

function frame(content: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(Buffer.byteLength(content));
  return Buffer.concat([head, Buffer.from(content)]);
}

describe('in the JSON protocol', () => {
  test.each([
    ['a key __proto__', '[1,"three",1,1,{"__proto__":{"1":{"i32":5}}}]', /no JSON object/],
    ['a key __proto__, escaped', '[1,"none",1,1,{"\\u005f_proto__":{"1":{"str":"x"}}}]', /no JSON object/],
    ['no arguments', '[1,"three",1,1]', /no JSON object/],
    ['a list for arguments', '[1,"three",1,1,[]]', /no JSON object/],
    ['a list that is none', '[1,"counts",1,1,{"1":{"lst":"rec"}}]', /shift/],
    ['a claim that is no number', '[1,"counts",1,1,{"1":{"lst":["rec","1e9",{}]}}]', /claims/],
    ['a map with fewer', '[1,"counts",1,1,{"2":{"map":["str","i32",5,{"a":1}]}}]', /claims/],
    ['an unknown type', '[1,"three",1,1,{"1":{"x":1}}]', /ends before/],
    ['a name that is none', '[1,{"a":1},1,1,{}]', /malformed/],
    ['a number that is none', '[1,"three",1,"x",{}]', /malformed/],
    ['a type that is none', '[1,"three","x",1,{}]', /of type string/],
  ])('%s is refused and a good client served', async (_what, content, why) => {
    const { port, client } = await serveQuirks(framedJson);
    const quirks = client(Quirks);
    await quirks.none();
    await expectRefused(port, frame(content), why);
    await expect(quirks.none()).resolves.toBe('none');
  });

  test('a list of 300,000 numbers is read in less than a second', async () => {
    const { client } = await serveQuirks(framedJson);
    const ids = Array.from({ length: 300_000 }, () => new thrift.Int64(7));
    // The client of npm thrift is slow in writing such a list as well: it is the server that is measured.
    const { port } = await serveQuirks(framedJson);
    const { socket, received } = await rawClient(port);
    const content = `[1,"counts",1,1,{"3":{"set":["i64",${ids.length},${ids.map(Number).join(',')}]}}]`;
    const startedAt = performance.now();
    socket.write(frame(content));
    while (received.length === 0) await new Promise(setImmediate);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(Buffer.concat(received).toString()).toContain('{"i32":300000}');
    await expect(client(Quirks).none()).resolves.toBe('none');
  });
});

test('more elements than the processor allows are refused, all containers of a message together', async () => {
  const { port, client } = await serve(freshProcessor(Quirks, handler, { maxElements: 28 }));
  // 20 + 2 + 3 + 3 lists + 3 booleans in them
  await expectRefused(port, recordCall(framedBinary, bigCall), /more than a message may have/);
  await expect(client(Quirks).none()).resolves.toBe('none');
});

test('a message nested too deeply is refused, and not followed until the stack is full', async () => {
  const { port } = await serveQuirks({ ...framedBinary, transport: thrift.TBufferedTransport });
  const head = recordCall({ ...framedBinary, transport: thrift.TBufferedTransport }, (quirks) =>
    quirks.none(),
  );
  const structs = Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.of(12, 0, 1)));
  await expectRefused(port, Buffer.concat([head.subarray(0, -1), structs]), /nested too deeply/);
});

test('a client that speaks another transport than the server is told so by the log', async () => {
  const { port, client } = await serveQuirks({ ...framedBinary, transport: thrift.TBufferedTransport });
  await client(Quirks).none();
  const framed = recordCall(framedBinary, (quirks) => quirks.none());
  await expectRefused(port, framed, /a client speaks framed Thrift, and the server buffered/);
});

test('a client with the old form of the binary protocol is served', async () => {
  const { port } = await serveQuirks({ ...framedBinary, transport: thrift.TBufferedTransport });
  const { socket, received } = await rawClient(port);
  // Length and name, type CALL, number 1, no arguments.
  const call = Buffer.concat([Buffer.of(0, 0, 0, 4), Buffer.from('none'), Buffer.of(1, 0, 0, 0, 1, 0)]);
  for (const byte of Buffer.concat([call, call])) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  while (Buffer.concat(received).toString().split('none').length < 5) await new Promise(setImmediate);
});

test('an idle connection is closed, one with a call in flight is not', async () => {
  const started = deferred();
  const finish = deferred<string>();
  const slow = quirksHandler({
    undeclared: (_what: string) => {
      started.resolve();
      return finish.promise;
    },
  });
  const served = await serve(freshProcessor(Quirks, slow), framedBinary, { idleTimeoutMs: 100 });
  const busy = served.connect();
  const answer = thrift.createClient(Quirks, busy).undeclared('x');
  await started.promise;
  const idle = await rawClient(served.port);
  await idle.closed;
  const other = await rawClient(served.port);
  await other.closed;
  finish.resolve('in time');
  await expect(answer).resolves.toBe('in time');
  await once(busy.connection, 'close');
  expect(logs.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('connections beyond the limit are closed at once, and there is room again when one leaves', async () => {
  const { port, attached, connect: open } = await serveQuirks(framedBinary, { maxConnections: 2 });
  const first = open();
  await thrift.createClient(Quirks, first).none();
  const second = await rawClient(port);
  while (attached.connections < 2) await new Promise(setImmediate);
  const third = await rawClient(port);
  await third.closed;
  expect(attached.connections).toBe(2);
  await expect(thrift.createClient(Quirks, first).none()).resolves.toBe('none');
  second.socket.destroy();
  while (attached.connections > 1) await new Promise(setImmediate);
  await expect(thrift.createClient(Quirks, open()).none()).resolves.toBe('none');
});

test('who holds back the most goes first when the total is reached', async () => {
  const options = { maxFrameBytes: 1_000_000, maxHeldBytes: 1_000_000 };
  const { port, client, attached } = await serveQuirks(framedBinary, options);
  const call = recordCall(framedBinary, (quirks) => quirks.three('x'.repeat(900_000), 'y', 'z'));
  const small = await rawClient(port);
  small.socket.write(call.subarray(0, 50_000));
  while (attached.heldBytes === 0) await new Promise(setImmediate);
  const large = await rawClient(port);
  large.socket.write(call.subarray(0, -1));
  while (attached.heldBytes < 900_000) await new Promise(setImmediate);
  const another = await rawClient(port);
  another.socket.write(call.subarray(0, 80_000));
  await large.closed;
  small.socket.write(call.subarray(50_000));
  while (small.received.length === 0) await new Promise(setImmediate);
  await expect(client(Quirks).none()).resolves.toBe('none');
});

test('a client that sends and never reads is not read any further', async () => {
  const big = quirksHandler({ three: (a: string, _b: string, _c: string) => a.repeat(100) });
  const { port, client } = await serve(freshProcessor(Quirks, big));
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const call = recordCall(framedBinary, (quirks) => quirks.three('x'.repeat(1000), 'y', 'z'));
  // Kernels take some megabytes for the server, and then the client is left with what it sends.
  while (socket.writableLength < 1_000_000) {
    socket.write(call);
    await new Promise(setImmediate);
  }
  await expect(client(Quirks).none()).resolves.toBe('none');
});

test('the limits hold behind TLS and on a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fresh-connections-thrift-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { keyFile, certificateFile, ca } = await createCertificate(folder);
  const tls = { key: await readFile(keyFile), cert: await readFile(certificateFile) };
  const path = join(folder, 'thrift.sock');
  const big = recordCall(framedBinary, (quirks) => quirks.three('x'.repeat(20_000), 'y', 'z'));
  const small = recordCall(framedBinary, (quirks) => quirks.none());
  for (const secure of [true, false]) {
    const options = secure ? { ...framedBinary, tls } : framedBinary;
    const server = thrift.createServer(freshProcessor(Quirks, handler), undefined, options);
    const attached = attach(server, { maxFrameBytes: 10_000, frameTimeoutMs: 150 });
    onTestFinished(() => attached.drain(0));
    if (secure) server.listen(0, '127.0.0.1');
    else server.listen(path);
    await once(server, 'listening');
    const open = async (): Promise<Socket> => {
      const { port } = server.address() as AddressInfo;
      const socket = secure ? connectTls({ port, host: '127.0.0.1', ca }) : connect(path);
      socket.on('error', () => undefined).resume();
      await once(socket, secure ? 'secureConnect' : 'connect');
      return socket;
    };
    const good = await open();
    for (const bytes of [big, small.subarray(0, -1), Buffer.of(0, 0, 0, 4, 1, 2, 3, 4)]) {
      const bad = await open();
      bad.write(bytes);
      await new Promise<void>((resolve) => bad.once('close', () => resolve()));
    }
    good.write(small);
    await once(good, 'data');
    expect(attached).toMatchObject({ connections: 1, heldBytes: 0 });
    good.destroy();
  }
});

test('a service that a multiplexed server does not have closes the connection, and no other', async () => {
  const multiplexed = new thrift.MultiplexedProcessor() as ThriftProcessor & {
    registerProcessor(name: string, processor: ThriftProcessor): void;
  };
  multiplexed.registerProcessor('Quirks', freshProcessor(Quirks, handler));
  for (const [, wire] of wires) {
    const { port, connect: open } = await serve(multiplexed, wire);
    const good = new thrift.Multiplexer().createClient('Quirks', Quirks, open());
    await good.none();
    await expectRefused(
      port,
      recordCall(wire, (quirks) => quirks.none()),
      /Unknown service: none/,
    );
    await expect(good.none()).resolves.toBe('none');
  }
});

test('limits that are none are refused by name', () => {
  const bare = (options: AttachOptions) => () => {
    attach(thrift.createServer(freshProcessor(Quirks, handler), undefined, {}), options);
  };
  expect(bare({ maxFrameBytes: 0 })).toThrow(
    'attach: maxFrameBytes must be a whole number from 1 to 2147483647',
  );
  expect(bare({ frameTimeoutMs: -1 })).toThrow('attach: frameTimeoutMs must be a number');
  expect(bare({ maxConnections: 1.5 })).toThrow('attach: maxConnections must be a whole number');
  expect(bare({ maxFrameBytes: 1000, maxHeldBytes: 999 })).toThrow(
    'attach: maxHeldBytes must be a whole number',
  );
  expect(bare({ idleTimeoutMs: Number.NaN })).toThrow('attach: idleTimeoutMs must be a number');
});
