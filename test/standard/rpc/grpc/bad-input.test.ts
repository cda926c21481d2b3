import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { ServiceException } from 'fresh-connections';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from './support/certificate.js';
import { collectLog } from './support/collecting-logger.js';
import { deadlineIn, type EchoClient, echo, type Note, type Pair, serve } from './support/echo-server.js';

const log = collectLog();

/** How many bad calls the heap has to stand: `FRESH_BAD_CALLS=100000 npm test -- bad-input` for all of them. */
const CALLS = Number(process.env.FRESH_BAD_CALLS ?? 3_000);

const SURROGATE = 'a lone \ud800 surrogate';
const DAY_MS = 86_400_000;

class Echo {
  async write({ text }: Note): Promise<Note> {
    if (text === 'status') throw { code: status.NOT_FOUND, details: SURROGATE };
    if (text === 'exception') throw new ServiceException('ABORTED', SURROGATE, { reason: SURROGATE });
    if (text === 'long') throw new ServiceException('ABORTED', 'ß'.repeat(100_000));
    if (text === 'wait') await delay(1_000);
    return { text: text === 'surrogate' ? SURROGATE : text };
  }
  read = this.write;
  async collect(): Promise<Note> {
    return { text: '' };
  }
  async *spread(): AsyncGenerator<Note> {}
  async *chat(): AsyncGenerator<Note> {}
}

function large(bytes: number): Metadata {
  const metadata = new Metadata();
  for (let sent = 0; sent < bytes; sent += 4_000) metadata.add('x-filling', 'y'.repeat(4_000));
  return metadata;
}

describe('bad input, over TLS', () => {
  let tls: Pair;
  beforeAll(async () => {
    tls = await selfSigned();
  });
  const start = (): Promise<EchoClient> =>
    serve([freshConnections({ services: [echo] })], handlers(echo, new Echo()), echo, { tls });

  const answered = async ({ unary }: EchoClient): Promise<string | undefined> =>
    (await unary('Write', 'alive')).text;

  it('a deadline that has passed', async () => {
    const server = await start();
    const { error } = await server.unary('Write', 'a', {}, deadlineIn(0));
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect((await server.unary('Write', 'a', { deadline: Date.now() - DAY_MS })).error?.code).toBe(
      status.DEADLINE_EXCEEDED,
    );
    expect(await answered(server)).toBe('alive');
  });

  it.each(['99999999H', '720H', '99999999M'])(
    'a deadline of %s, further off than a timer can be',
    async (timeout) => {
      const server = await start();
      const metadata = new Metadata();
      metadata.set('grpc-timeout', timeout);
      const { error, text } = await server.unary('Write', 'far', {}, metadata);
      expect([undefined, status.DEADLINE_EXCEEDED, status.CANCELLED, status.INTERNAL]).toContain(error?.code);
      if (error === undefined) expect(text).toBe('far');
      expect(await answered(server)).toBe('alive');
    },
  );

  it.each(['', 'abc', '-5S', '1e9S', '5'])('a deadline that is none: %j', async (timeout) => {
    const server = await start();
    const metadata = new Metadata();
    metadata.set('grpc-timeout', timeout);
    const reply = await server.unary('Write', 'a', {}, metadata);
    expect(reply.error === undefined || typeof reply.error.code === 'number').toBe(true);
    expect(await answered(server)).toBe('alive');
  });

  it('metadata of 60 KB', async () => {
    const server = await start();
    const { error, text } = await server.unary('Write', 'a', { deadline: Date.now() + 5_000 }, large(60_000));
    // Node's HTTP/2 takes 64 KB; what it does not take is refused with a status.
    if (error === undefined) expect(text).toBe('a');
    else expect(error.code).not.toBe(status.DEADLINE_EXCEEDED);
    expect(await answered(server)).toBe('alive');
  });

  it('lone surrogates, in a message, in a status and in its details', async () => {
    const server = await start();
    const { unary } = server;
    expect((await unary('Write', SURROGATE)).error).toBeUndefined();
    expect((await unary('Write', 'surrogate')).error).toBeUndefined();
    for (const [text, code] of [
      ['status', status.NOT_FOUND],
      ['exception', status.ABORTED],
    ] as const) {
      const { error } = await unary('Write', text);
      expect(error).toMatchObject({ code, details: 'a lone \ufffd surrogate' });
    }
    expect(await answered(server)).toBe('alive');
  });

  it('a message of an author that is longer than a header may be', async () => {
    const server = await start();
    const { error } = await server.unary('Write', 'long');
    expect(error?.code).toBe(status.ABORTED);
    expect(Buffer.byteLength(`${error?.details}`)).toBeLessThan(4_096);
    expect(await answered(server)).toBe('alive');
  });

  it('methods and services that there are not', async () => {
    const server = await start();
    for (const path of ['/fresh.test.Echo/Nothing', '/fresh.test.Nobody/Write', '/', '/a/b/c', '//']) {
      expect(await unknown(server, path), path).toBe(status.UNIMPLEMENTED);
    }
    expect(await answered(server)).toBe('alive');
  });

  it('a message that is larger than the server takes, or is none', async () => {
    const server = await start();
    const { error } = await server.unary('Write', 'x'.repeat(5_000_000));
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await unknown(server, '/fresh.test.Echo/Write', Buffer.from([0xff, 0xff, 0xff]))).toBe(
      status.INTERNAL,
    );
    expect(await answered(server)).toBe('alive');
  });

  it(`${CALLS} of them: the heap stays flat`, { timeout: 600_000 }, async () => {
    const server = await start();
    const { unary } = server;
    const bad: (() => Promise<unknown>)[] = [
      () => unary('Write', 'a', {}, deadlineIn(0)),
      () => unary('Write', 'wait', {}, deadlineIn(5)),
      () => unary('Write', 'status'),
      () => unary('Write', 'exception'),
      () => unary('Write', 'a', {}, large(40_000)),
      () => unknown(server, '/fresh.test.Echo/Nothing'),
      () => unknown(server, '/fresh.test.Echo/Write', Buffer.from([0xff, 0xff, 0xff])),
    ];
    const run = async (calls: number): Promise<void> => {
      for (let done = 0; done < calls; done += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, index) => bad[(done + index) % bad.length]?.()));
        log.length = 0;
      }
    };
    await run(CALLS / 2);
    const before = await heap();
    await run(CALLS);
    const after = await heap();
    expect((after - before) / CALLS, 'bytes a call').toBeLessThan(1_500);
    expect(await answered(server)).toBe('alive');
  });
});

/** What is in use once garbage is collected and late timers are over. */
async function heap(): Promise<number> {
  await delay(1_200);
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Calls a path with bytes, as a client of another service would. */
function unknown({ client }: EchoClient, path: string, bytes: Buffer = Buffer.alloc(0)): Promise<unknown> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      () => bytes,
      (answer) => answer,
      {},
      (error) => resolve(error?.code ?? status.OK),
    );
  });
}
