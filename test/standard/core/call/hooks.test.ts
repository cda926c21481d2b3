import { tracingChannel } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { addCallHooks, type CallResult, type CallTrace, runCall } from 'fresh-connections';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectLog } from '../support/collect-log.js';
import { driverError } from '../support/driver-error.js';
import { exceptionOf } from '../support/rejection.js';

const log = collectLog();

describe('hooks', () => {
  it('hear the start and the end of the outermost call, once each', async () => {
    const heard: string[] = [];
    onTestFinished(
      addCallHooks({
        start: ({ method }) => heard.push(`start ${method}`),
        finish: ({ method }) => heard.push(`finish ${method}`),
      }),
    );
    await runCall({ method: 'outer' }, () => runCall({ method: 'inner' }, () => heard.push('handler')));
    expect(heard).toEqual(['start outer', 'handler', 'finish outer']);
  });

  it('are told what was thrown to the caller, with the original error as its cause', async () => {
    const results: CallResult[] = [];
    onTestFinished(addCallHooks({ finish: (_, result) => results.push(result) }));
    const original = driverError();
    await runCall({}, () => 'well');
    const exception = await exceptionOf(runCall({}, () => Promise.reject(original)));
    expect(results[0]).not.toHaveProperty('error');
    expect(results[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(results[1]?.error).toBe(exception);
    expect(exception.cause).toBe(original);
  });

  it('that throw are logged, fail nothing, and do not keep others from hearing', async () => {
    const heard: string[] = [];
    const broken = (): never => {
      throw new Error('a broken hook');
    };
    onTestFinished(addCallHooks({ start: broken, finish: broken, leak: broken }));
    onTestFinished(addCallHooks({ start: () => heard.push('start'), finish: () => heard.push('finish') }));
    const value = await runCall({}, (call) => {
      call.lend({ resource: 'default', stack: undefined, reclaim: () => heard.push('reclaim') });
      return 7;
    });
    expect(value).toBe(7);
    expect(heard).toEqual(['start', 'reclaim', 'finish']);
    const errors = log.filter(({ level }) => level === 'error');
    expect(errors.map(({ message, fields }) => [message, fields.text])).toEqual(
      Array.from({ length: 3 }, () => ['a call hook threw', 'a broken hook']),
    );
  });

  it('that are async and reject are logged too, and stray nowhere', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('a broken hook');
    };
    onTestFinished(addCallHooks({ start: broken, finish: broken }));
    await runCall({}, () => 7);
    await setImmediate();
    expect(log.map(({ message }) => message)).toEqual(['a call hook threw', 'a call hook threw']);
  });

  it('hear nothing any more once they are removed', async () => {
    const heard: string[] = [];
    const remove = addCallHooks({ start: () => heard.push('start') });
    remove();
    await runCall({}, () => 7);
    expect(heard).toEqual([]);
  });
});

describe('the tracing channel fresh-connections:call', () => {
  const channel = tracingChannel<CallTrace, CallTrace & { error?: unknown }>('fresh-connections:call');

  function trace(): unknown[][] {
    const events: unknown[][] = [];
    const note =
      (event: string) =>
      (message: CallTrace & { error?: unknown }): void => {
        events.push([event, message.call.method, message.error].filter((fact) => fact !== undefined));
      };
    const subscribers = {
      start: note('start'),
      end: note('end'),
      asyncStart: note('asyncStart'),
      asyncEnd: note('asyncEnd'),
      error: note('error'),
    };
    channel.subscribe(subscribers);
    onTestFinished(() => {
      channel.unsubscribe(subscribers);
    });
    return events;
  }

  it('hears a call that goes well', async () => {
    const events = trace();
    expect(await runCall({ method: 'Job.run' }, async () => 7)).toBe(7);
    expect(events).toEqual([
      ['start', 'Job.run'],
      ['end', 'Job.run'],
      ['asyncStart', 'Job.run'],
      ['asyncEnd', 'Job.run'],
    ]);
  });

  it('hears the exception of a call that fails', async () => {
    const events = trace();
    const exception = await exceptionOf(runCall({ method: 'Job.run' }, () => Promise.reject(driverError())));
    expect(events).toContainEqual(['error', 'Job.run', exception]);
  });

  it('hears calls inside others, each by its own name', async () => {
    const events = trace();
    await runCall({ method: 'outer' }, () => runCall({ method: 'inner' }, () => 7));
    expect(events.filter(([event]) => event === 'start')).toEqual([
      ['start', 'outer'],
      ['start', 'inner'],
    ]);
  });
});
