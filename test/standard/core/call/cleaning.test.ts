import { addCallHooks, closeOldConnections, runCall } from 'fresh-connections';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Call } from '../../../../src/core/call/index.js';
import { collectLog } from '../support/collect-log.js';
import { driverError } from '../support/driver-error.js';
import { FakeResource, registered } from '../support/fake-resource.js';
import { exceptionOf } from '../support/rejection.js';

const log = collectLog();

/** Lends a connection to a call that notes when it is taken back. */
function lendTo(call: Call, events: string[], name = 'connection'): () => void {
  return call.lend({
    resource: 'default',
    stack: '    at open (handler.ts:7:1)',
    reclaim: () => events.push(`reclaim ${name}`),
  });
}

function hear(events: string[]): void {
  onTestFinished(
    addCallHooks({
      start: () => events.push('start'),
      finish: () => events.push('finish'),
      leak: () => events.push('leak'),
    }),
  );
}

describe('cleaning', () => {
  it('drops stale connections before the handler and after it, around what hooks hear', async () => {
    const { asked } = registered(new FakeResource());
    hear(asked);
    await runCall({}, () => asked.push('handler'));
    expect(asked).toEqual(['dropObsolete', 'start', 'handler', 'dropObsolete', 'finish']);
  });

  it('happens after a handler that failed too', async () => {
    const { asked } = registered(new FakeResource());
    await exceptionOf(runCall({}, () => Promise.reject(driverError())));
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });

  it('happens once for a call with calls inside it', async () => {
    const { asked } = registered(new FakeResource());
    await runCall({}, () => runCall({}, () => runCall({}, () => asked.push('handler'))));
    expect(asked).toEqual(['dropObsolete', 'handler', 'dropObsolete']);
  });

  it('takes back what the handler left behind before it looks for stale connections', async () => {
    const { asked } = registered(new FakeResource());
    hear(asked);
    await runCall({}, (call) => {
      lendTo(call, asked);
    });
    expect(asked).toEqual(['dropObsolete', 'start', 'leak', 'reclaim connection', 'dropObsolete', 'finish']);
  });

  it('asks every resource, and adds up what closeOldConnections() drops', async () => {
    const asked: string[] = [];
    registered(new FakeResource('a', asked));
    registered(new FakeResource('b', asked));
    expect(closeOldConnections()).toBe(4);
    expect(asked).toEqual(['dropObsolete', 'dropObsolete']);
  });
});

describe('what a handler leaves behind', () => {
  it('is logged with the stack of its checkout under the id of the call', async () => {
    const events: string[] = [];
    let id = '';
    await runCall({ method: 'Job.run' }, (call) => {
      id = call.id;
      lendTo(call, events);
    });
    expect(events).toEqual(['reclaim connection']);
    expect(log).toEqual([
      {
        level: 'warn',
        fields: {
          callId: id,
          method: 'Job.run',
          resource: 'default',
          stack: '    at open (handler.ts:7:1)',
        },
        message: 'a handler did not release a connection; it was taken back',
      },
    ]);
  });

  it('is told to the hook leak: which call, and which connection', async () => {
    const leaks: unknown[] = [];
    onTestFinished(addCallHooks({ leak: (call, checkout) => leaks.push([call.method, checkout.resource]) }));
    await runCall({ method: 'Job.run' }, (call) => {
      lendTo(call, []);
    });
    expect(leaks).toEqual([['Job.run', 'default']]);
  });

  it('is nothing when all was released', async () => {
    const events: string[] = [];
    await runCall({}, (call) => lendTo(call, events)());
    expect(events).toEqual([]);
    expect(log).toEqual([]);
  });

  it('is taken back before the handler runs again', async () => {
    const events: string[] = [];
    await runCall({ idempotent: true }, (call) => {
      events.push('handler');
      if (events.length > 1) return;
      lendTo(call, events);
      throw driverError();
    });
    expect(events).toEqual(['handler', 'reclaim connection', 'handler']);
  });

  it('passes from a call inside to the one around it, which may still release it', async () => {
    const events: string[] = [];
    await runCall({}, async () => {
      const release = await runCall({}, (inner) => lendTo(inner, events, 'released'));
      await runCall({}, (inner) => {
        lendTo(inner, events, 'forgotten');
      });
      expect(events).toEqual([]);
      release();
    });
    expect(events).toEqual(['reclaim forgotten']);
  });
});
