import { once } from 'node:events';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { withFreshConnections } from 'fresh-connections';
import { failureDetails, freshConnections, handlers } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { currentCall } from '../../../../src/core/call/index.js';
import { ServiceException } from '../../../../src/errors/index.js';
import { collectLog } from './support/collecting-logger.js';
import {
  deadlineIn,
  type EchoClient,
  echo,
  methodOf,
  type Note,
  serve,
  wireText,
} from './support/echo-server.js';
import { connectionLost } from './support/failures.js';

const log = collectLog();

/** All handlers do nothing but those given. */
class Idle {
  async write(_request: Note): Promise<Note> {
    return { text: '' };
  }
  async read(_request: Note): Promise<Note> {
    return { text: '' };
  }
  async collect(_requests: AsyncIterable<Note>): Promise<Note> {
    return { text: '' };
  }
  async *spread(_request: Note): AsyncGenerator<Note> {}
  async *chat(_requests: AsyncIterable<Note>): AsyncGenerator<Note> {}
}

describe.each<[string, ServerInterceptor[]]>([
  ['on their own', []],
  ['inside the interceptor', [freshConnections()]],
])('handlers %s', (_place, interceptors) => {
  const start = (instance: object): Promise<EchoClient> => serve(interceptors, handlers(echo, instance));

  it('are async functions, with their instance as `this`, in the scope of a call', async () => {
    class Echo extends Idle {
      readonly #greeting = 'hello';
      override async write({ text }: Note): Promise<Note> {
        await undefined;
        return { text: `${this.#greeting} ${text} in ${currentCall()?.method}` };
      }
    }
    const { unary } = await start(new Echo());
    expect((await unary('Write', 'you')).text).toBe('hello you in fresh.test.Echo/Write');
  });

  it('are given the call too, as in grpc-js', async () => {
    class Echo extends Idle {
      override async write(_request: Note, call?: ServerUnaryCall<Note, Note>): Promise<Note> {
        const initial = new Metadata();
        initial.set('path', call?.getPath() ?? '');
        call?.sendMetadata(initial);
        return { text: '' };
      }
    }
    const { unary } = await start(new Echo());
    expect((await unary('Write', '')).metadata?.get('path')).toEqual(['/fresh.test.Echo/Write']);
  });

  it('may have the style of grpc-js, and the name of the proto file', async () => {
    class Echo {
      readonly suffix = '!';
      Write(call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>): void {
        const trailers = new Metadata();
        trailers.set('last', '1');
        callback(null, { text: call.request.text + this.suffix }, trailers);
      }
      Read = Idle.prototype.read;
      Collect = Idle.prototype.collect;
      Spread = Idle.prototype.spread;
      Chat = Idle.prototype.chat;
    }
    const { unary } = await start(new Echo());
    const reply = await unary('Write', 'a');
    expect(reply.text).toBe('a!');
    expect(reply.status.metadata.get('last')).toEqual(['1']);
  });

  it('keep their style under a decorator', async () => {
    class Echo extends Idle {
      readonly #greeting = 'hello';
      @withFreshConnections()
      override async write({ text }: Note, _call?: unknown): Promise<Note> {
        return { text: `${this.#greeting} ${text}` };
      }
      @withFreshConnections()
      override async *spread({ text }: Note): AsyncGenerator<Note> {
        yield { text: `${this.#greeting} ${text}` };
      }
    }
    const { unary, client } = await start(new Echo());
    expect((await unary('Write', 'you')).text).toBe('hello you');
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const [note] = await once(
      client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { text: 'all' }),
      'data',
    );
    expect(note.text).toBe('hello all');
  });

  it('run again when they are idempotent by the definition, as often as the budget says in all', async () => {
    let runs = 0;
    class Echo extends Idle {
      override async read({ text }: Note): Promise<Note> {
        runs += 1;
        if (text === 'never' || runs === 1) throw connectionLost();
        return { text: `run ${runs}` };
      }
      override async write(): Promise<Note> {
        runs += 1;
        throw connectionLost();
      }
    }
    const { unary } = await start(new Echo());
    expect((await unary('Read', '')).text).toBe('run 2');
    runs = 0;
    const { error } = await unary('Read', 'never');
    expect(runs).toBe(3);
    expect(failureDetails(error)?.reason).toBe('CONNECTION_LOST');
    runs = 0;
    await unary('Write', '');
    expect(runs).toBe(1);
  });

  const ways: Record<string, (call: unknown, callback: sendUnaryData<Note>) => unknown> = {
    'throw at once': () => {
      throw new Error('secret');
    },
    'throw a string': () => {
      throw 'secret';
    },
    'throw nothing': () => {
      throw undefined;
    },
    reject: (_call, _callback) => Promise.reject(new Error('secret')),
    'call back with an error': (_call, callback) => callback(new Error('secret')),
    'call back twice': (_call, callback) => {
      callback(new Error('secret'));
      callback(null, { text: 'secret' });
    },
    'call back with an error that has a code': (_call, callback) =>
      callback(Object.assign(new Error('secret'), { code: status.NOT_FOUND, details: 'secret' })),
    'return what only an async handler may': (_call, _callback) => Promise.resolve({ text: 'secret' }),
  };

  it.each(Object.keys(ways))('that %s are one masked status', async (how) => {
    const { unary } = await start(Object.assign(new Idle(), { write: ways[how] }));
    const reply = await unary('Write', '');
    expect(reply.error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
    expect(wireText(reply)).not.toMatch(/secret/);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('may throw a ServiceException or a plain status object', async () => {
    class Echo extends Idle {
      override async write({ text }: Note): Promise<Note> {
        if (text === 'plain') throw { code: status.NOT_FOUND, details: 'no such account' };
        throw new ServiceException('NOT_FOUND', 'no such account', { reason: 'NO_ACCOUNT' });
      }
    }
    const { unary } = await start(new Echo());
    for (const text of ['plain', 'exception']) {
      const { error } = await unary('Write', text);
      expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such account' });
      expect(failureDetails(error)?.reason).toBe(text === 'plain' ? undefined : 'NO_ACCOUNT');
    }
    expect(log).toEqual([]);
  });

  it('end with the deadline of the caller and with its cancellation, and not with success', async () => {
    const signals: AbortSignal[] = [];
    class Echo extends Idle {
      override async write({ text }: Note): Promise<Note> {
        const signal = currentCall()?.signal;
        if (signal === undefined) throw new Error('no call');
        signals.push(signal);
        if (text === 'wait') await once(signal, 'abort');
        return { text: '' };
      }
    }
    const { unary } = await start(new Echo());
    const { error } = await unary('Write', 'wait', {}, deadlineIn(100));
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    await unary('Write', '');
    await unary('Write', '');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false]);
    expect(signals[0]?.reason).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('take the requests of a client stream as an async iterable', async () => {
    class Echo extends Idle {
      override async collect(requests: AsyncIterable<Note>): Promise<Note> {
        let text = '';
        for await (const note of requests) {
          text += note.text;
          if (note.text === 'stop') break;
        }
        return { text: `${text} in ${currentCall()?.method}` };
      }
    }
    const { client } = await start(new Echo());
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Collect');
    const collect = (texts: string[]): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const call = client.makeClientStreamRequest<Note, Note>(
          path,
          requestSerialize,
          responseDeserialize,
          (error, note) => (error === null ? resolve(note?.text) : reject(error)),
        );
        for (const text of texts) call.write({ text });
        call.end();
      });
    expect(await collect(['a', 'b'])).toBe('ab in fresh.test.Echo/Collect');
    expect(await collect(['a', 'stop', 'b'])).toBe('astop in fresh.test.Echo/Collect');
  });

  it('are async generators for streams to the client', async () => {
    class Echo extends Idle {
      override async *spread({ text }: Note): AsyncGenerator<Note> {
        for (const character of text) yield { text: `${character} ${currentCall()?.method}` };
        if (text === 'fail') throw new Error('secret');
      }
      override async *chat(requests: AsyncIterable<Note>): AsyncGenerator<Note> {
        for await (const { text } of requests) yield { text: `${text} ${currentCall()?.method}` };
      }
    }
    const { client } = await start(new Echo());
    const spread = methodOf(echo, 'Spread');
    const open = (text: string) =>
      client.makeServerStreamRequest<Note, Note>(
        spread.path,
        spread.requestSerialize,
        spread.responseDeserialize,
        { text },
      );
    const notes: Note[] = [];
    for await (const note of open('abc')) notes.push(note);
    expect(notes.map(({ text }) => text)).toEqual(['a', 'b', 'c'].map((c) => `${c} fresh.test.Echo/Spread`));

    const failing = open('fail').resume();
    const [error] = await once(failing, 'error');
    expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
    expect(failureDetails(error)?.reason).toBe('INTERNAL');

    const chat = methodOf(echo, 'Chat');
    const talk = client.makeBidiStreamRequest<Note, Note>(
      chat.path,
      chat.requestSerialize,
      chat.responseDeserialize,
    );
    talk.write({ text: 'x' });
    const [answer] = await once(talk, 'data');
    expect(answer.text).toBe('x fresh.test.Echo/Chat');
    talk.end();
    const [ended] = await once(talk, 'status');
    expect(ended.code).toBe(status.OK);
  });

  it('may write to the stream as in grpc-js', async () => {
    const scopes: unknown[] = [];
    const instance = Object.assign(new Idle(), {
      spread(stream: ServerWritableStream<Note, Note>) {
        if (stream.request.text === 'fail') stream.emit('error', new Error('secret'));
        else stream.write({ text: 'a' }, () => stream.end());
      },
      chat(stream: ServerDuplexStream<Note, Note>) {
        stream.on('data', (note: Note) => {
          scopes.push(currentCall()?.method);
          stream.write(note);
        });
        stream.on('end', () => stream.end());
      },
    });
    const { client } = await start(instance);
    const spread = methodOf(echo, 'Spread');
    const open = (text: string) =>
      client.makeServerStreamRequest<Note, Note>(
        spread.path,
        spread.requestSerialize,
        spread.responseDeserialize,
        { text },
      );
    const notes: Note[] = [];
    for await (const note of open('')) notes.push(note);
    expect(notes).toHaveLength(1);
    const [error] = await once(open('fail'), 'error');
    expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });

    const chat = methodOf(echo, 'Chat');
    const talk = client.makeBidiStreamRequest<Note, Note>(
      chat.path,
      chat.requestSerialize,
      chat.responseDeserialize,
    );
    talk.end({ text: 'x' });
    expect((await once(talk, 'data'))[0].text).toBe('x');
    expect((await once(talk, 'status'))[0].code).toBe(status.OK);
    expect(scopes).toEqual(['fresh.test.Echo/Chat']);
  });

  it('that are generators are closed when the client leaves', async () => {
    let closed: () => void;
    const returned = new Promise<void>((resolve) => {
      closed = resolve;
    });
    class Echo extends Idle {
      override async *spread(): AsyncGenerator<Note> {
        try {
          for (;;) yield { text: 'x'.repeat(10_000) };
        } finally {
          closed();
        }
      }
    }
    const { client } = await start(new Echo());
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const call = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    call.on('error', () => undefined);
    await once(call, 'data');
    call.cancel();
    await returned;
  });
});

describe('handlers of a class', () => {
  it('are all there, or the one that is not is named', () => {
    class Echo extends Idle {
      override read = undefined as never;
    }
    expect(() => handlers(echo, new Echo())).toThrow(TypeError);
    expect(() => handlers(echo, new Echo())).toThrow(
      /Echo has no handler for \/fresh.test.Echo\/Read: .*read or Read/,
    );
    const wrong = Object.assign(new Idle(), { chat: 5 });
    expect(() => handlers(echo, wrong)).toThrow(/no function as handler for \/fresh.test.Echo\/Chat/);
  });

  it('belong to an instance and a definition', () => {
    expect(() => handlers(echo, undefined as never)).toThrow(/the instance must be an object, got undefined/);
    expect(() => handlers({}, new Idle())).toThrow(/the definition must be a service definition/);
  });

  it('let the interceptor repeat what only its options declare idempotent', async () => {
    let runs = 0;
    class Echo extends Idle {
      override async write(): Promise<Note> {
        runs += 1;
        if (runs === 1) throw connectionLost();
        return { text: `run ${runs}` };
      }
    }
    const interceptor = freshConnections({ methods: { Write: { idempotent: true } } });
    const { unary } = await serve([interceptor], handlers(echo, new Echo()));
    expect((await unary('Write', '')).text).toBe('run 2');
  });
});
