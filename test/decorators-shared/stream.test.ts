import { PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { currentCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';
import { collectLog } from '../standard/core/support/collect-log.js';
import { FakeResource, registered } from '../standard/core/support/fake-resource.js';

collectLog();

class Feed {
  @withFreshConnections()
  follow(call: { readonly stream: string } & PassThrough): void {
    setTimeout(() => {
      call.write(`in ${currentCall()?.method}`);
      call.end();
    }, 0);
  }

  @withFreshConnections()
  endsAtOnce(_request: object, stream: Writable): void {
    stream.end('done');
  }

  @withFreshConnections()
  abandons(stream: Writable): void {
    stream.write('never ended');
  }
}

describe('a decorated method that replies through a stream', () => {
  it('is a call until the stream ends', async () => {
    const { asked } = registered(new FakeResource());
    const stream = Object.assign(new PassThrough(), { stream: 'reply' });
    expect(new Feed().follow(stream)).toBeUndefined();
    expect(asked).toEqual(['dropObsolete']);
    expect(String((await stream.toArray()).join(''))).toBe('in Feed.follow');
    await setImmediate();
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('may end the stream at once', async () => {
    const { asked } = registered(new FakeResource());
    const stream = new PassThrough().resume();
    new Feed().endsAtOnce({}, stream);
    await finished(stream);
    await setImmediate();
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('is over when the stream is destroyed, and leaves no listener on it', async () => {
    const { asked } = registered(new FakeResource());
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const listeners = (): number[] =>
      ['finish', 'close', 'cancelled', 'error'].map((event) => stream.listenerCount(event));
    const before = listeners();
    new Feed().abandons(stream);
    stream.destroy();
    await setImmediate();
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
    expect(listeners()).toEqual(before);
  });
});
