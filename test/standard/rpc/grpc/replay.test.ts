import { once } from 'node:events';
import { Metadata, type ServerInterceptor, type ServerWritableStream, status } from '@grpc/grpc-js';
import { withFreshConnections } from 'fresh-connections';
import { failureDetails, freshConnections, handlers } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { collectLog } from './support/collecting-logger.js';
import { type EchoClient, echo, methodOf, type Note, serve } from './support/echo-server.js';
import { connectionLost } from './support/failures.js';

collectLog();

class Idle {
  async write(note: Note): Promise<Note> {
    return note;
  }
  async read(note: Note): Promise<Note> {
    return note;
  }
  async collect(): Promise<Note> {
    return { text: '' };
  }
  async *spread(_note?: Note): AsyncGenerator<Note> {}
  async *chat(): AsyncGenerator<Note> {}
}

interface Seen {
  readonly texts: string[];
  readonly code: number;
  readonly error: unknown;
  readonly metadata: Metadata | undefined;
}

/** All that a client sees of a server stream. */
async function spread({ client }: EchoClient, text = ''): Promise<Seen> {
  const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
  const stream = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
    text,
  });
  const texts: string[] = [];
  let error: unknown;
  let metadata: Metadata | undefined;
  stream.on('data', (note: Note) => texts.push(note.text));
  stream.on('error', (raised) => {
    error = raised;
  });
  stream.on('metadata', (received: Metadata) => {
    metadata = received;
  });
  const [{ code }] = await new Promise<[{ code: number }]>((resolve) =>
    stream.once('status', (...ended) => resolve(ended)),
  );
  if (stream.readableEnded === false && code === status.OK) await once(stream, 'end');
  return { texts, code, error, metadata };
}

const idempotent = { methods: { Spread: { idempotent: true } } };
const places: [string, ServerInterceptor[], Parameters<typeof handlers>[2]][] = [
  ['inside the interceptor', [freshConnections(idempotent)], {}],
  ['on its own', [], idempotent],
];

describe.each(places)('a server stream %s, declared idempotent', (_place, interceptors, options) => {
  const start = (instance: object): Promise<EchoClient> =>
    serve(interceptors, handlers(echo, Object.assign(new Idle(), instance), options));

  it('runs again when it has sent nothing', async () => {
    let runs = 0;
    const server = await start({
      async *spread(): AsyncGenerator<Note> {
        runs += 1;
        if (runs < 3) throw connectionLost();
        yield { text: 'a' };
        yield { text: 'b' };
      },
    });
    expect(await spread(server)).toMatchObject({ texts: ['a', 'b'], code: status.OK });
    expect(runs).toBe(3);
  });

  it('does not once it has sent a message', async () => {
    let runs = 0;
    const server = await start({
      async *spread(): AsyncGenerator<Note> {
        runs += 1;
        yield { text: 'a' };
        throw connectionLost();
      },
    });
    const { texts, code, error } = await spread(server);
    expect({ texts, code }).toEqual({ texts: ['a'], code: status.UNAVAILABLE });
    expect(failureDetails(error)?.reason).toBe('CONNECTION_LOST');
    expect(runs).toBe(1);
  });

  it('does so as often as the budget says', async () => {
    let runs = 0;
    const server = await start({
      async *spread(): AsyncGenerator<Note> {
        runs += 1;
        if (runs < 9) throw connectionLost();
        yield { text: 'too late' };
      },
    });
    expect((await spread(server)).code).toBe(status.UNAVAILABLE);
    expect(runs).toBe(3);
  });
});

describe('a server stream', () => {
  it('that is not declared idempotent does not run again', async () => {
    let runs = 0;
    const instance = Object.assign(new Idle(), {
      async *spread(): AsyncGenerator<Note> {
        runs += 1;
        if (runs < 9) throw connectionLost();
        yield { text: 'too late' };
      },
    });
    const server = await serve([freshConnections()], handlers(echo, instance));
    expect((await spread(server)).code).toBe(status.UNAVAILABLE);
    expect(runs).toBe(1);
  });

  it.each([[[freshConnections()]], [[]]])('is declared so by its decorator too', async (interceptors) => {
    let runs = 0;
    class Echo extends Idle {
      @withFreshConnections({ idempotent: true })
      override async *spread(): AsyncGenerator<Note> {
        runs += 1;
        if (runs === 1) throw connectionLost();
        yield { text: `run ${runs}` };
      }
    }
    const server = await serve(interceptors, handlers(echo, new Echo()));
    expect((await spread(server)).texts).toEqual(['run 2']);
  });

  type Stream = ServerWritableStream<Note, Note>;

  it('of grpc-js’ style: metadata of a run that failed is dropped, that of the last one is released', async () => {
    let runs = 0;
    let stray: Stream | undefined;
    const implementation = {
      Spread: (stream: Stream): void => {
        runs += 1;
        const metadata = new Metadata();
        metadata.set('run', `${runs}`);
        stream.sendMetadata(metadata);
        if (runs === 1) {
          stray = stream;
          stream.emit('error', connectionLost());
          return;
        }
        // What the earlier run still says reaches nobody.
        stray?.write({ text: 'stray' });
        if (stream.request.text === 'empty') stream.end();
        else stream.write({ text: 'a' }, () => stream.end());
      },
    };
    const server = await serve([freshConnections(idempotent)], implementation);
    const { texts, metadata, code } = await spread(server);
    expect({ texts, code, run: metadata?.get('run') }).toEqual({ texts: ['a'], code: status.OK, run: ['2'] });
    runs = 0;
    const empty = await spread(server, 'empty');
    expect({ ...empty, metadata: empty.metadata?.get('run') }).toMatchObject({
      texts: [],
      code: status.OK,
      metadata: ['2'],
    });
  });
});
