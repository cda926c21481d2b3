import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import fc from 'fast-check';
import thrift from 'thrift';
import { expect, test } from 'vitest';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import { recordCall } from './support/record-call.js';
import type { Wire } from './support/serve.js';
import { type ServerProcess, startServerProcess } from './support/server-process.js';

/** `FRESH_FUZZ_INPUTS=100000` is the long version: how many inputs, over all pairs together. */
const INPUTS = Number(process.env.FRESH_FUZZ_INPUTS ?? 3_000);
const SEED = Number(process.env.FRESH_FUZZ_SEED ?? 20_240_229);
const AT_ONCE = 20;
const MB = 1024 * 1024;

const transports = { framed: thrift.TFramedTransport, buffered: thrift.TBufferedTransport };
const protocols = {
  binary: thrift.TBinaryProtocol,
  compact: thrift.TCompactProtocol,
  json: thrift.TJSONProtocol,
};
type Pair = readonly [keyof typeof transports, keyof typeof protocols];
const pairs: readonly Pair[] = [
  ['framed', 'binary'],
  ['framed', 'compact'],
  ['framed', 'json'],
  ['buffered', 'binary'],
  ['buffered', 'compact'],
  ['buffered', 'json'],
];

/** Real calls, as npm thrift sends them. */
function recorded(wire: Wire): Buffer[] {
  const { Int64 } = thrift;
  const items = Array.from(
    { length: 5 },
    (_, index) => new quirksTypes.Item({ name: 'item', amount: index }),
  );
  return [
    recordCall(wire, (client) => client.none()),
    recordCall(wire, (client) => client.three('a', 'bc', 'def')),
    recordCall(wire, (client) => client.items(3)),
    recordCall(wire, (client) => client.counts(items, { a: 1, b: 2 }, [new Int64(1)], [[true], []])),
    recordCall(wire, (client) => client.fire('a')),
  ];
}

/** A real call after something happened to it. */
type Damage =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array };

function damaged(bytes: Buffer, damage: Damage): Buffer {
  const at = damage.at % Math.max(1, bytes.length);
  switch (damage.kind) {
    case 'flip':
    case 'set': {
      const changed = Buffer.from(bytes);
      changed[at] = damage.kind === 'set' ? damage.byte : (changed[at] ?? 0) ^ (1 << damage.bit);
      return changed;
    }
    case 'cut':
      return bytes.subarray(0, at);
    case 'repeat': {
      const part = bytes.subarray(at, at + damage.length);
      const parts = Array.from({ length: damage.times }, () => part);
      return Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at)]);
    }
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), damage.bytes, bytes.subarray(at)]);
  }
}

/** What a frame is damaged in is its content: a wrong length only says that it is not complete. */
function reframed(bytes: Buffer): Buffer {
  if (bytes.length < 4) return bytes;
  const framed = Buffer.from(bytes);
  framed.writeUInt32BE(framed.length - 4);
  return framed;
}

function inputs(calls: readonly Buffer[], framed: boolean): fc.Arbitrary<Buffer> {
  const at = fc.nat(300);
  const damage: fc.Arbitrary<Damage> = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
    fc.record({
      kind: fc.constant('set' as const),
      at,
      byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 12, 15),
    }),
    fc.record({ kind: fc.constant('cut' as const), at }),
    fc.record({ kind: fc.constant('repeat' as const), at, length: fc.nat(40), times: fc.nat(50) }),
    fc.record({ kind: fc.constant('insert' as const), at, bytes: fc.uint8Array({ maxLength: 20 }) }),
  );
  const call = fc.constantFrom(...calls);
  const broken = fc
    .tuple(call, fc.array(damage, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([bytes, damages, again]) => {
      const result = damages.reduce(damaged, bytes);
      return framed && again ? reframed(result) : result;
    });
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  const noiseInFrame = noise.map((bytes) => reframed(Buffer.concat([Buffer.alloc(4), bytes])));
  return fc
    .array(fc.oneof({ weight: 8, arbitrary: broken }, noise, noiseInFrame, call), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => Buffer.concat(parts));
}

/** Sends it all, and leaves: rudely now and then. */
async function send({ port }: ServerProcess, input: Buffer, rudely: boolean): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined).resume();
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed]);
  if (rudely) socket.write(input, () => socket.resetAndDestroy());
  else socket.end(input);
  await closed;
}

test.each(pairs)(
  'whatever comes over %s %s, the process lives, forgets it, and serves good clients',
  { timeout: 60_000 + INPUTS * 20 },
  async (transport, protocol) => {
    const wire: Wire = { transport: transports[transport], protocol: protocols[protocol] };
    await using server = await startServerProcess(transport, protocol, { frameTimeoutMs: 500 });
    const connection = thrift.createConnection('127.0.0.1', server.port, wire);
    connection.on('error', () => undefined);
    const good = thrift.createClient(Quirks, connection);
    const samples = fc.sample(inputs(recorded(wire), transport === 'framed'), {
      numRuns: Math.ceil(INPUTS / pairs.length),
      seed: SEED,
    });
    // Once through a part of it before memory is measured: code is compiled, and buffers have their size.
    const warmUp = samples.slice(0, Math.min(500, samples.length));
    const feed = async (some: readonly Buffer[]): Promise<void> => {
      for (let first = 0; first < some.length; first += AT_ONCE) {
        const batch = some.slice(first, first + AT_ONCE);
        const sent = batch.map((input, index) => send(server, input, (first + index) % 5 === 0));
        expect(await good.three('still', ' ', 'served')).toBe('still served');
        await Promise.all(sent);
      }
    };
    await feed(warmUp);
    const before = await server.figures();
    await feed(samples);
    let after = await server.figures();
    while (after.connections > 1) after = await server.figures();
    expect(server.unhandled).toEqual([]);
    expect(server.hasEnded).toBe(false);
    expect(after).toMatchObject({ callsInFlight: 0, heldBytes: 0, connections: 1 });
    expect(after.rss - before.rss).toBeLessThan(50 * MB);
    connection.end();
  },
);
