import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { currentCall, ServiceException } from 'fresh-connections';
import { failureDetails, freshMiddleware } from 'fresh-connections/grpc';
import { createChannel, createClient, createServer, ServerError, Status } from 'nice-grpc';
import { expect, it, onTestFinished } from 'vitest';
import { collectLog } from './support/collecting-logger.js';
import { echo, type Note } from './support/echo-server.js';
import { connectionLost } from './support/failures.js';

const log = collectLog();

/** nice-grpc calls methods as the definition does. */
const definition: ServiceDefinition = Object.fromEntries(
  Object.entries(echo).map(([name, method]) => [name.toLowerCase(), method]),
);

interface EchoClient {
  write(note: Note, options?: { signal?: AbortSignal }): Promise<Note>;
  collect(notes: AsyncIterable<Note>): Promise<Note>;
  spread(note: Note, options?: { signal?: AbortSignal }): AsyncIterable<Note>;
  chat(notes: AsyncIterable<Note>): AsyncIterable<Note>;
}

/** A server of nice-grpc with the middleware, and a client of nice-grpc. */
async function start(implementation: object, options = {}): Promise<EchoClient> {
  const server = createServer().use(freshMiddleware(options));
  const idle = {
    write: async (note: Note) => note,
    read: async (note: Note) => note,
    collect: async () => ({ text: '' }),
    async *spread() {},
    async *chat() {},
  };
  server.add(definition, { ...idle, ...implementation } as never);
  const port = await server.listen('127.0.0.1:0');
  const channel = createChannel(`127.0.0.1:${port}`);
  onTestFinished(async () => {
    channel.close();
    server.forceShutdown();
  });
  return createClient(definition, channel) as unknown as EchoClient;
}

async function texts(notes: AsyncIterable<Note>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of notes) all.push(text);
  return all;
}

async function* sent(...all: string[]): AsyncGenerator<Note> {
  for (const text of all) yield { text };
}

it('every kind of method runs as a call, async generators to their last step', async () => {
  const method = (): string => `${currentCall()?.method}`;
  const client = await start({
    write: async () => {
      await undefined;
      return { text: method() };
    },
    collect: async (notes: AsyncIterable<Note>) => ({ text: `${(await texts(notes)).join('')} ${method()}` }),
    async *spread() {
      yield { text: method() };
      await undefined;
      yield { text: method() };
    },
    async *chat(notes: AsyncIterable<Note>) {
      for await (const { text } of notes) yield { text: `${text} ${method()}` };
    },
  });
  expect((await client.write({ text: '' })).text).toBe('fresh.test.Echo/Write');
  expect((await client.collect(sent('a', 'b'))).text).toBe('ab fresh.test.Echo/Collect');
  expect(await texts(client.spread({ text: '' }))).toEqual([
    'fresh.test.Echo/Spread',
    'fresh.test.Echo/Spread',
  ]);
  expect(await texts(client.chat(sent('x')))).toEqual(['x fresh.test.Echo/Chat']);
});

it('a bug is masked, and what an author means for clients passes', async () => {
  const client = await start({
    write: async ({ text }: Note) => {
      if (text === 'server error') throw new ServerError(Status.NOT_FOUND, 'no such note');
      if (text === 'exception') throw new ServiceException('ABORTED', 'try again', { reason: 'AGAIN' });
      throw new Error('secret');
    },
    async *spread() {
      yield { text: 'a' };
      throw new Error('secret');
    },
  });
  await expect(client.write({ text: 'server error' })).rejects.toMatchObject({
    code: status.NOT_FOUND,
    details: 'no such note',
  });
  await expect(client.write({ text: 'exception' })).rejects.toMatchObject({
    code: status.ABORTED,
    details: 'try again',
  });
  await expect(client.write({ text: 'bug' })).rejects.toMatchObject({
    code: status.INTERNAL,
    details: 'internal error',
  });
  await expect(texts(client.spread({ text: '' }))).rejects.toMatchObject({ details: 'internal error' });
  expect(log.filter(({ level }) => level === 'error')).toHaveLength(2);
});

it('a method that is idempotent runs again', async () => {
  let runs = 0;
  const write = async (): Promise<Note> => {
    runs += 1;
    if (runs === 1) throw connectionLost();
    return { text: `run ${runs}` };
  };
  const client = await start({ write }, { methods: { Write: { idempotent: true } } });
  expect((await client.write({ text: '' })).text).toBe('run 2');
});

it('the call ends when the client leaves', async () => {
  let ended: (reason: unknown) => void;
  const reason = new Promise((resolve) => {
    ended = resolve;
  });
  let begun: () => void;
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const client = await start({
    write: () => {
      const { signal } = currentCall() ?? {};
      signal?.addEventListener('abort', () => ended(signal.reason));
      begun();
      return new Promise(() => undefined);
    },
  });
  const controller = new AbortController();
  const call = client.write({ text: '' }, { signal: controller.signal }).catch((error: unknown) => error);
  await running;
  controller.abort();
  await call;
  expect(await reason).toMatchObject({ status: 'CANCELLED' });
});

it('details are in the trailers', async () => {
  const { Client, credentials } = await import('@grpc/grpc-js');
  const server = createServer().use(freshMiddleware());
  const write = async (): Promise<Note> => {
    throw connectionLost();
  };
  server.add(definition, { write, read: write, collect: write, spread: write, chat: write } as never);
  const port = await server.listen('127.0.0.1:0');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  const encode = (): Buffer => Buffer.alloc(0);
  const error = await new Promise((resolve) => {
    client.makeUnaryRequest('/fresh.test.Echo/Write', encode, (bytes) => bytes, {}, resolve);
  });
  expect(failureDetails(error)).toMatchObject({ reason: 'CONNECTION_LOST', outcome: 'none' });
});
