import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import thrift from 'thrift';
import { expect, onTestFinished, test } from 'vitest';
import Quirks from './gen/Quirks.js';
import { type ServerProcess, startServerProcess } from './support/server-process.js';

const MB = 1024 * 1024;
const options = { transport: thrift.TFramedTransport, protocol: thrift.TBinaryProtocol };

/** A client that speaks bytes. */
async function rawClient({ port }: ServerProcess): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Unlike once(), whatever the reason is. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

/** Sends as long as the server takes it, and returns how much it was. */
async function sendUntilClosed(socket: Socket, chunk: Buffer, total: number): Promise<number> {
  let sent = 0;
  const over = closed(socket);
  while (sent < total && !socket.destroyed) {
    if (!socket.write(chunk)) await Promise.race([drained(socket), over]);
    sent += chunk.length;
  }
  return sent;
}

/** A good client, whose every call is answered. */
function goodClient({ port }: ServerProcess): { call(): Promise<string> } {
  const connection = thrift.createConnection('127.0.0.1', port, options);
  connection.on('error', () => undefined);
  onTestFinished(() => connection.end());
  const client = thrift.createClient(Quirks, connection);
  return { call: () => client.three('a', 'b', 'c') };
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The head of a call of counts, in the binary protocol. */
const HEAD = Buffer.concat([i32(-2147418111), i32(6), Buffer.from('counts'), i32(1)]);
/** A list of structs in the first field, of so many by its own account. */
const listOf = (count: number): Buffer => Buffer.concat([Buffer.from([15, 0, 1, 12]), i32(count)]);

test('1 GB behind a frame length of 0x7fffffff costs the server under 50 MB', async () => {
  await using server = await startServerProcess('framed', 'binary');
  const good = goodClient(server);
  await good.call();
  const before = await server.figures();
  const chunk = Buffer.alloc(MB);
  const head = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
  // A client that is sent away may come again.
  let sent = 0;
  for (let attempt = 0; attempt < 50 && sent < 1024 * MB; attempt += 1) {
    const socket = await rawClient(server);
    socket.write(head);
    sent += await sendUntilClosed(socket, chunk, 1024 * MB - sent);
    expect(socket.destroyed).toBe(true);
  }
  const after = await server.figures();
  expect(after.rss - before.rss).toBeLessThan(50 * MB);
  expect(after.heldBytes).toBe(0);
  await expect(good.call()).resolves.toBe('abc');
  expect(server.log.join('')).toContain('at most 16384000 are taken');
});

test('40 connections that hold back 16 MB frames are bounded by the total, and a good client is served', async () => {
  await using server = await startServerProcess('framed', 'binary');
  const good = goodClient(server);
  await good.call();
  const before = await server.figures();
  const almost = Buffer.concat([i32(16_000_000), Buffer.alloc(15_900_000)]);
  const sockets = await Promise.all(Array.from({ length: 40 }, () => rawClient(server)));
  for (const socket of sockets) socket.write(almost);
  await expect(good.call()).resolves.toBe('abc');
  // Four fit into 64 MiB at most; which ones is the server's choice.
  const open = new Set(sockets);
  while (open.size > 4) {
    await good.call();
    for (const socket of open) if (socket.destroyed) open.delete(socket);
  }
  await expect(good.call()).resolves.toBe('abc');
  const after = await server.figures();
  expect(after.heldBytes).toBeLessThanOrEqual(64 * MB);
  expect(after.rss - before.rss).toBeLessThan(160 * MB);
  expect(server.log.join('')).toContain('all connections together hold back too many bytes');
  expect(server.unhandled).toEqual([]);
});

test.each([
  ['that are not there', Buffer.alloc(64)],
  ['that are empty, and all there', Buffer.alloc(16_000_100)],
])('a frame that claims 16 M structs %s is refused in under 50 ms', async (_what, structs) => {
  await using server = await startServerProcess('framed', 'binary');
  const good = goodClient(server);
  for (let warm = 0; warm < 50; warm += 1) await good.call();
  const content = Buffer.concat([HEAD, listOf(16_000_000), structs]);
  const before = await server.figures();
  const bad = await rawClient(server);
  const refused = closed(bad);
  // All but the last byte first: what is measured is the refusal, and not the way there.
  bad.write(Buffer.concat([i32(content.length), content.subarray(0, -1)]));
  while ((await server.figures()).heldBytes < content.length - 1) await good.call();
  const startedAt = performance.now();
  bad.write(content.subarray(-1));
  await refused;
  const elapsed = performance.now() - startedAt;
  expect(elapsed).toBeLessThan(50);
  const after = await server.figures();
  expect(after.rss - before.rss).toBeLessThan(50 * MB);
  await expect(good.call()).resolves.toBe('abc');
});
