import { type ChildProcess, fork } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { afterAll, describe, expect, it } from 'vitest';
import { collectLog } from './support/collecting-logger.js';
import { type EchoClient, echo, methodOf, type Note, serve } from './support/echo-server.js';
import { misdeeds } from './support/misdeeds.js';

collectLog();

const KINDS = { Write: 'unary', Collect: 'client stream', Spread: 'server stream', Chat: 'bidi' } as const;
type Method = keyof typeof KINDS;

/** How a call ended for its client: a status, `'left'` for one that cancelled, `'no answer'` for one that waits. */
type Ending = string;

const ANSWER_MS = 800;
const LEAVES = /client left|cancellation/;

/** Calls a method with a misdeed as its metadata, as a client of its kind does. */
async function call(client: Client, method: Method, misdeed: string): Promise<Ending> {
  const { path, requestSerialize, responseDeserialize } = methodOf(echo, method);
  const metadata = new Metadata();
  metadata.set('misdeed', encodeURIComponent(misdeed));
  const ignore = (): void => undefined;
  const asks = [path, requestSerialize, responseDeserialize] as const;
  const calls: Record<Method, () => AnyClientCall> = {
    Write: () => client.makeUnaryRequest<Note, Note>(...asks, { text: 'a' }, metadata, ignore),
    Collect: () => client.makeClientStreamRequest<Note, Note>(...asks, metadata, ignore),
    Spread: () => client.makeServerStreamRequest<Note, Note>(...asks, { text: 'a' }, metadata),
    Chat: () => client.makeBidiStreamRequest<Note, Note>(...asks, metadata),
  };
  const made = calls[method]();
  (made as EventEmitter).on('error', ignore);
  if ('resume' in made) made.resume();
  if ('write' in made) {
    made.write({ text: 'a' });
    if (!LEAVES.test(misdeed)) made.end();
  }
  const ended = new Promise<Ending>((resolve) => {
    made.once('status', ({ code, details }: StatusObject) =>
      resolve(/secret/.test(details) ? `${status[code]}, with the text` : `${status[code]}`),
    );
  });
  if (LEAVES.test(misdeed)) setTimeout(() => made.cancel(), 50);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ending>((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS, 'no answer');
  });
  const ending = await Promise.race([ended, late]);
  clearTimeout(timer);
  made.cancel();
  return ending;
}

type AnyClientCall =
  | ClientUnaryCall
  | ClientWritableStream<Note>
  | ClientReadableStream<Note>
  | ClientDuplexStream<Note, Note>;

const named = (call: { metadata: Metadata }): string =>
  decodeURIComponent(String(call.metadata.get('misdeed')[0]));
/** A handler as grpc-js has them: it does what the call's metadata asks for. */
const misbehaving = (made: { metadata: Metadata }, callback?: unknown): unknown =>
  misdeeds[named(made)]?.(made, callback);
const implementation = Object.fromEntries(Object.keys(echo).map((name) => [name, misbehaving]));

/** A server process of plain grpc-js; it is started again when it has ended. */
class BareServer {
  #running: { child: ChildProcess; exit: Promise<Ending>; client: Client } | undefined;

  async call(method: Method, misdeed: string): Promise<Ending> {
    this.#running ??= await this.#start();
    const { child, exit, client } = this.#running;
    const answered = call(client, method, misdeed);
    // It may end a moment after it has answered.
    const settled = answered.then(async (ending) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return ending;
    });
    const ending = await Promise.race([exit, settled]);
    if (child.exitCode === null) return ending;
    client.close();
    this.#running = undefined;
    return exit;
  }

  stop(): void {
    this.#running?.client.close();
    this.#running?.child.kill('SIGKILL');
  }

  async #start(): Promise<{ child: ChildProcess; exit: Promise<Ending>; client: Client }> {
    const file = fileURLToPath(new URL('./support/bare-misdeeds-server.js', import.meta.url));
    const child = fork(file, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const exit = once(child, 'exit').then(() => 'the process ends');
    const [{ port }] = await Promise.race([
      once(child, 'message'),
      exit.then(() => Promise.reject(new Error('no server'))),
    ]);
    return { child, exit, client: new Client(`127.0.0.1:${port}`, credentials.createInsecure()) };
  }
}

const ENDS = 'the process ends';
const TEXT = 'UNKNOWN, with the text';
const HANGS = 'no answer';
type Endings = readonly [unary: Ending, clientStream: Ending, serverStream: Ending, bidi: Ending];
const all = (ending: Ending): Endings => [ending, ending, ending, ending];

/** What clients see: of plain grpc-js, and of fresh-connections whichever way it is used. */
const TABLE: Readonly<Record<string, readonly [bare: Endings, fresh: Endings]>> = {
  'throws at once': [all('UNKNOWN'), all('INTERNAL')],
  'throws a string': [all('UNKNOWN'), all('INTERNAL')],
  'throws nothing': [all('UNKNOWN'), all('INTERNAL')],
  rejects: [all(ENDS), all('INTERNAL')],
  'rejects with nothing': [all(ENDS), all('INTERNAL')],
  'fails as grpc-js asks for': [all(TEXT), all('INTERNAL')],
  'fails twice': [all(TEXT), all('INTERNAL')],
  'answers twice': [
    [HANGS, 'UNIMPLEMENTED', HANGS, HANGS],
    ['OK', 'OK', 'INTERNAL', 'INTERNAL'],
  ],
  'answers, then fails': [all(TEXT), ['OK', 'OK', 'INTERNAL', 'INTERNAL']],
  'answers, then throws': [all('UNKNOWN'), ['OK', 'OK', 'OK or INTERNAL', 'OK or INTERNAL']],
  'answers, then rejects': [all(ENDS), all('OK')],
  'answers what is no message': [all('INTERNAL'), all('INTERNAL')],
  'answers nothing': [
    ['INTERNAL', 'INTERNAL', 'OK', 'OK'],
    ['INTERNAL', 'INTERNAL', 'OK', 'OK'],
  ],
  'throws in a listener': [all(ENDS), all('INTERNAL')],
  'throws in the listener of the end': [all(ENDS), ['INTERNAL', 'INTERNAL', 'OK', 'OK']],
  'ends the call without an answer': [all('OK'), ['OK or INTERNAL', 'OK or INTERNAL', 'OK', 'OK']],
  'throws in the listener of the cancellation': [all(ENDS), all('CANCELLED')],
  'destroys the call': [all(HANGS), all('INTERNAL')],
  'destroys the call with an error': [all(HANGS), all('INTERNAL')],
  'answers after the client left': [all('CANCELLED'), all('CANCELLED')],
  'fails after the client left': [all('CANCELLED'), all('CANCELLED')],
  'rejects after the client left': [all(ENDS), all('CANCELLED')],
};

it('the table has every misdeed', () => {
  expect(Object.keys(TABLE).sort()).toEqual(Object.keys(misdeeds).sort());
});

describe.each(Object.entries(KINDS))('a handler of %s (%s)', (name, _kind) => {
  const method = name as Method;
  const column = Object.keys(KINDS).indexOf(method);
  const bare = new BareServer();
  afterAll(() => bare.stop());

  it.each(Object.entries(TABLE))('that %s', async (misdeed, [ofBare, ofFresh]) => {
    const ways: Record<string, Promise<EchoClient>> = {
      interceptor: serve([freshConnections()], implementation),
      handlers: serve([], handlers(echo, implementation)),
      both: serve([freshConnections()], handlers(echo, implementation)),
    };
    for (const [way, served] of Object.entries(ways)) {
      const { client } = await served;
      const ending = await call(client, method, misdeed);
      expect(`${ofFresh[column]}`.split(' or '), `${way}: ${ending}`).toContain(ending);
    }
    expect(await bare.call(method, misdeed)).toBe(ofBare[column]);
  });
});
