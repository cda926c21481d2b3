import { once } from 'node:events';
import { type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { failureDetails, freshConnections } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { type Call, currentCall } from '../../../../src/core/call/index.js';
import { ServiceException } from '../../../../src/errors/index.js';
import { collectLog } from './support/collecting-logger.js';
import { deadlineIn, echo, methodOf, type Note, serve } from './support/echo-server.js';

collectLog();

/** A handler that never answers; tells its call when it runs. */
function silent(): { handler: () => void; call: Promise<Call> } {
  let tell: (call: Call) => void;
  const call = new Promise<Call>((resolve) => {
    tell = resolve;
  });
  return { call, handler: () => tell(running()) };
}

function running(): Call {
  const call = currentCall();
  if (call === undefined) throw new Error('no call');
  return call;
}

async function aborted({ signal }: Call): Promise<ServiceException> {
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.reason).toBeInstanceOf(ServiceException);
  return signal.reason;
}

describe("the caller's deadline", () => {
  it("is the call's, and ends it on both sides", async () => {
    const { handler, call } = silent();
    const { unary } = await serve([freshConnections()], { Write: handler });
    const reply = unary('Write', '', { deadline: Date.now() + 800 });
    expect((await call).remainingMs).toBeGreaterThan(0);
    expect((await call).remainingMs).toBeLessThanOrEqual(800);
    await aborted(await call);
    expect((await reply).error?.code).toBe(status.DEADLINE_EXCEEDED);
  });

  it('is what the call ends with when the caller does not cancel first', async () => {
    const { handler, call } = silent();
    const { unary } = await serve([freshConnections()], { Write: handler });
    const { error } = await unary('Write', '', {}, deadlineIn(100));
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect((await aborted(await call)).status).toBe('DEADLINE_EXCEEDED');
  });

  it('is narrowed by timeoutMs, whose failure carries details', async () => {
    const { handler, call } = silent();
    const { unary } = await serve([freshConnections({ timeoutMs: 50 })], { Write: handler });
    const { error } = await unary('Write', '', { deadline: Date.now() + 20_000 });
    expect((await aborted(await call)).status).toBe('DEADLINE_EXCEEDED');
    expect(error).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'the deadline of the call passed',
    });
    expect(failureDetails(error)?.reason).toBe('DEADLINE_EXCEEDED');
  });

  it('is not widened by timeoutMs', async () => {
    const { handler, call } = silent();
    const { unary } = await serve([freshConnections({ timeoutMs: 20_000 })], { Write: handler });
    void unary('Write', '', { deadline: Date.now() + 5_000 });
    expect((await call).remainingMs).toBeLessThanOrEqual(5_000);
  });

  it('ends a stream', async () => {
    const { handler, call } = silent();
    const { client } = await serve([freshConnections()], { Chat: handler });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Chat');
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, deadlineIn(100));
    const [error] = await once(stream, 'error');
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
    expect((await aborted(await call)).status).toBe('DEADLINE_EXCEEDED');
  });
});

describe("the caller's cancellation", () => {
  it.each(['Write', 'Collect', 'Spread', 'Chat'])('fires the signal of %s', async (name) => {
    const { handler, call } = silent();
    const { client } = await serve([freshConnections()], { [name]: handler });
    const stream = start(client, name);
    stream.on('error', () => undefined);
    await call;
    stream.cancel();
    expect((await aborted(await call)).status).toBe('CANCELLED');
  });

  it('is not fired by success, of any kind', async () => {
    const calls: Call[] = [];
    const { client, unary } = await serve([freshConnections()], {
      Write: (_call: ServerUnaryCall<Note, Note>, callback: sendUnaryData<Note>) => {
        calls.push(running());
        callback(null, { text: '' });
      },
      Spread: (stream: { end(): void }) => {
        calls.push(running());
        stream.end();
      },
      Chat: (stream: { end(): void; resume(): void }) => {
        calls.push(running());
        stream.resume();
        stream.end();
      },
      Collect: (stream: { resume(): void }, callback: sendUnaryData<Note>) => {
        calls.push(running());
        stream.resume();
        callback(null, { text: '' });
      },
    });
    await unary('Write', '');
    for (const name of ['Spread', 'Chat', 'Collect']) {
      const stream = start(client, name);
      stream.resume?.();
      await once(stream, 'status');
    }
    // A round trip later every end of those calls has been reported.
    await unary('Write', '');
    expect(calls).toHaveLength(5);
    for (const call of calls) expect(call.signal.aborted).toBe(false);
  });
});

interface AnyClientCall {
  cancel(): void;
  resume?(): void;
  on(event: string, listener: (...args: unknown[]) => void): this;
}

function start(
  client: Awaited<ReturnType<typeof serve>>['client'],
  name: string,
): AnyClientCall & NodeJS.EventEmitter {
  const { path, requestSerialize: write, responseDeserialize: read } = methodOf(echo, name);
  const ignore = (): void => undefined;
  switch (name) {
    case 'Write':
      return client.makeUnaryRequest(path, write, read, { text: '' }, ignore);
    case 'Collect':
      return client.makeClientStreamRequest(path, write, read, ignore);
    case 'Spread':
      return client.makeServerStreamRequest(path, write, read, { text: '' });
    default:
      return client.makeBidiStreamRequest(path, write, read);
  }
}
