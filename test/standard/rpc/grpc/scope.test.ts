import { once } from 'node:events';
import {
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { failureDetails, freshConnections } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { currentCall } from '../../../../src/core/call/index.js';
import { ServiceException } from '../../../../src/errors/index.js';
import { collectLog } from './support/collecting-logger.js';
import { echo, methodOf, type Note, serve, wireText } from './support/echo-server.js';
import { connectionLost } from './support/failures.js';

collectLog();
const fresh = freshConnections({ services: [echo] });

/** Where in a handler code ran, and the method of the call in whose scope it did. */
function scopes(): { seen: Record<string, string | undefined>; here: (place: string) => void } {
  const seen: Record<string, string | undefined> = {};
  return { seen, here: (place) => Object.assign(seen, { [place]: currentCall()?.method }) };
}

describe('the scope of a call', () => {
  it('holds in a unary handler', async () => {
    const { seen, here } = scopes();
    const { unary } = await serve([fresh], {
      Write: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
        here('handler');
        setImmediate(() => {
          here('later');
          callback(null, { text: '' });
        });
      },
    });
    await unary('Write', '');
    expect(seen).toEqual(everywhere(seen, 'Write', 2));
  });

  it('holds in the handler and the listeners of a client stream', async () => {
    const { seen, here } = scopes();
    const { client } = await serve([fresh], {
      Collect: (stream: ServerReadableStream<Note, Note>, callback: sendUnaryData<Note>) => {
        here('handler');
        let text = '';
        stream.on('data', (note: Note) => {
          here(`data ${note.text}`);
          text += note.text;
        });
        stream.on('end', () => {
          here('end');
          callback(null, { text });
        });
      },
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Collect');
    const text = await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest<Note, Note>(
        path,
        requestSerialize,
        responseDeserialize,
        (error, note) => (error === null ? resolve(note?.text) : reject(error)),
      );
      call.write({ text: 'a' });
      setTimeout(() => {
        call.write({ text: 'b' });
        call.end();
      }, 20);
    });
    expect(text).toBe('ab');
    expect(seen).toEqual(everywhere(seen, 'Collect', 4));
  });

  it('holds in the handler and the listeners of a server stream', async () => {
    const { seen, here } = scopes();
    const { client } = await serve([fresh], {
      Spread: (stream: ServerWritableStream<Note, Note>) => {
        here('handler');
        stream.on('finish', () => here('finish'));
        stream.write({ text: 'a' }, () => {
          here('written');
          stream.once('drain', () => {
            here('drain');
            stream.end();
          });
          const large = { text: 'b'.repeat(20_000) };
          for (let i = 0; i < 40; i += 1) stream.write(large);
        });
      },
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const call = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    let notes = 0;
    for await (const _note of call) notes += 1;
    expect(notes).toBe(41);
    expect(seen).toEqual(everywhere(seen, 'Spread', 4));
  });

  it('holds in the handler and the listeners of a bidi stream', async () => {
    const { seen, here } = scopes();
    const { client } = await serve([fresh], {
      Chat: (stream: ServerDuplexStream<Note, Note>) => {
        here('handler');
        stream.on('data', (note: Note) => {
          here(`data ${note.text}`);
          stream.write(note);
        });
        stream.on('end', () => {
          here('end');
          stream.end();
        });
      },
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Chat');
    const call = client.makeBidiStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize);
    call.write({ text: 'a' });
    const [first] = await once(call, 'data');
    call.write({ text: 'b' });
    const [second] = await once(call, 'data');
    call.end();
    call.resume();
    const [ended] = await once(call, 'status');
    expect([first.text, second.text, ended.code]).toEqual(['a', 'b', status.OK]);
    expect(seen).toEqual(everywhere(seen, 'Chat', 4));
  });

  it("holds in the listeners of a stream's cancellation", async () => {
    const { seen, here } = scopes();
    let heard: () => void;
    const cancelled = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const { client } = await serve([fresh], {
      Spread: (stream: ServerWritableStream<Note, Note>) => {
        stream.on('cancelled', () => {
          here('cancelled');
          heard();
        });
        stream.write({ text: '' });
      },
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const call = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    call.on('error', () => undefined);
    await once(call, 'data');
    call.cancel();
    await cancelled;
    expect(seen).toEqual({ cancelled: 'fresh.test.Echo/Spread' });
  });
});

function everywhere(seen: object, method: string, places: number): Record<string, string> {
  expect(Object.keys(seen)).toHaveLength(places);
  return Object.fromEntries(Object.keys(seen).map((place) => [place, `fresh.test.Echo/${method}`]));
}

describe('a stream that fails', () => {
  const ways = {
    throws: () => {
      throw new Error('secret');
    },
    rejects: async () => {
      throw new Error('secret');
    },
    'emits an error': (stream: ServerWritableStream<Note, Note>) => stream.emit('error', new Error('secret')),
    'emits an error after a message': (stream: ServerWritableStream<Note, Note>) =>
      stream.write({ text: '' }, () => stream.emit('error', new Error('secret'))),
    'ends with a message for trailers': (stream: ServerWritableStream<Note, Note>) =>
      stream.end({ text: 'secret' } as never),
    'is destroyed': (stream: ServerWritableStream<Note, Note>) => stream.destroy(new Error('secret')),
  };

  it.each(Object.entries(ways))('is one masked status when it %s', async (_how, way) => {
    const { client } = await serve([fresh], { Spread: way, Chat: way });
    for (const name of ['Spread', 'Chat']) {
      const { path, requestSerialize, responseDeserialize } = methodOf(echo, name);
      const call =
        name === 'Spread'
          ? client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
              text: '',
            })
          : client.makeBidiStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize);
      call.resume();
      const [error] = await once(call, 'error');
      expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(failureDetails(error)?.reason).toBe('INTERNAL');
      expect(wireText({ error, status: error, text: undefined, metadata: undefined })).not.toMatch(/secret/);
    }
  });

  it('tells a ServiceException as it is', async () => {
    const { client } = await serve([fresh], {
      Spread: (stream: ServerWritableStream<Note, Note>) =>
        stream.emit('error', new ServiceException('NOT_FOUND', 'no such account', { reason: 'NO_ACCOUNT' })),
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const call = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    const [error] = await once(call, 'error');
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such account' });
    expect(failureDetails(error)?.reason).toBe('NO_ACCOUNT');
  });
});

describe('beside another interceptor', () => {
  /** Passes everything on, each step one turn later, and notes the statuses that pass. */
  function slow(statuses: number[]): ServerInterceptor {
    return (_method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, pass) => setImmediate(pass, metadata),
            onReceiveMessage: (message, pass) => setImmediate(pass, message),
            onReceiveHalfClose: (pass) => setImmediate(pass),
          }),
        sendMetadata: (metadata, pass) => setImmediate(pass, metadata),
        sendMessage: (message, pass) => setImmediate(pass, message),
        sendStatus: (sent, pass) => {
          statuses.push(sent.code);
          setImmediate(pass, sent);
        },
      });
  }

  it.each(['before', 'after'])('repeats, masks and replies when it stands %s the other', async (place) => {
    const statuses: number[] = [];
    const other = slow(statuses);
    let runs = 0;
    const { unary } = await serve(place === 'before' ? [fresh, other] : [other, fresh], {
      Read: (call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
        runs += 1;
        if (runs === 1) callback(connectionLost());
        else callback(null, { text: `${call.request.text} ${currentCall()?.method}` });
      },
      Write: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) =>
        callback(new Error('secret')),
    });
    expect((await unary('Read', 'scope')).text).toBe('scope fresh.test.Echo/Read');
    const masked = await unary('Write', '');
    expect(masked.error?.code).toBe(status.INTERNAL);
    expect(wireText(masked)).not.toMatch(/secret/);
    // The one near the handler sees the attempts, the one near the wire what the client is told.
    expect(statuses).toEqual(
      place === 'before' ? [status.INTERNAL, status.OK, status.INTERNAL] : [status.OK, status.INTERNAL],
    );
  });

  it.each(['before', 'after'])('carries a stream to its end when it stands %s the other', async (place) => {
    const statuses: number[] = [];
    const other = slow(statuses);
    const { client } = await serve(place === 'before' ? [fresh, other] : [other, fresh], {
      Spread: (stream: ServerWritableStream<Note, Note>) => {
        stream.write({ text: `a ${currentCall()?.method}` });
        stream.write({ text: 'b' });
        stream.end();
      },
    });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const call = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    const texts: string[] = [];
    for await (const { text } of call) texts.push(text);
    expect(texts).toEqual(['a fresh.test.Echo/Spread', 'b']);
    expect(statuses).toEqual([status.OK]);
  });

  it.each(['before', 'after'])('passes the status of one that refuses calls, %s it', async (place) => {
    const refusing: ServerInterceptor = (_method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: () =>
              call.sendStatus({ code: status.UNAUTHENTICATED, details: 'who are you?' }),
          }),
      });
    const { unary } = await serve(place === 'before' ? [fresh, refusing] : [refusing, fresh], {
      Write: () => {
        throw new Error('must not run');
      },
    });
    expect((await unary('Write', '')).error).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'who are you?',
    });
  });

  it('masks by the status alone where the handler cannot be reached', async () => {
    // Not a subclass: its way down is its own, as that of any implementation of the interface may be.
    const opaque: ServerInterceptor = (_method, call) => {
      const methods = [
        'start',
        'sendMetadata',
        'sendMessage',
        'sendStatus',
        'startRead',
        'getDeadline',
        'getPeer',
      ] as const;
      const passing = methods.map((name) => [
        name,
        (call[name] as (...args: unknown[]) => unknown).bind(call),
      ]);
      return Object.fromEntries(passing);
    };
    let runs = 0;
    const { unary } = await serve([opaque, freshConnections({ idempotent: true })], {
      Write: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) =>
        callback(new Error('secret')),
      Read: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
        runs += 1;
        callback({ code: status.NOT_FOUND, details: 'secret' });
      },
    });
    const plain = await unary('Write', '');
    expect(plain.error?.code).toBe(status.INTERNAL);
    const coded = await unary('Read', '');
    expect(coded.error).toMatchObject({ code: status.NOT_FOUND, details: 'not found' });
    expect(`${wireText(plain)}${wireText(coded)}`).not.toMatch(/secret/);
    expect(runs).toBe(1);
  });

  it('is one call when it is installed twice', async () => {
    const ids: unknown[] = [];
    const { unary } = await serve([fresh, freshConnections()], {
      Write: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
        ids.push(currentCall()?.root === currentCall()?.parent);
        callback(new Error('secret'));
      },
    });
    const { error } = await unary('Write', '');
    expect(ids).toEqual([true]);
    expect(failureDetails(error)?.reason).toBe('INTERNAL');
  });
});
