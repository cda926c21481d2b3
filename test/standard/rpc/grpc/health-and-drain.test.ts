import { once } from 'node:events';
import {
  Client,
  type ClientReadableStream,
  credentials,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { Registry } from 'fresh-connections';
import { drain, freshConnections, handlers, serveHealth } from 'fresh-connections/grpc';
import { HealthImplementation, service as healthDefinition } from 'grpc-health-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';
import { collectLog } from './support/collecting-logger.js';
import { echo, methodOf, type Note } from './support/echo-server.js';

collectLog();

const health = healthDefinition as unknown as ServiceDefinition;

interface Started {
  readonly server: Server;
  readonly client: Client;
  check(service?: string): Promise<string>;
  watch(): ClientReadableStream<{ status: string }>;
  write(text: string): Promise<unknown>;
}

async function start(instance: object, registry = new Registry()): Promise<Started> {
  const server = new Server({ interceptors: [freshConnections()] });
  server.addService(echo, handlers(echo, Object.assign(new Idle(), instance)));
  serveHealth(server, new HealthImplementation(), { services: [echo], registry, intervalMs: 10 });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  const ask = <T>(definition: ServiceDefinition, name: string, request: object): Promise<T> => {
    const { path, requestSerialize, responseDeserialize } = methodOf(definition, name);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request as Note, (error, value) =>
        error === null ? resolve(value as T) : reject(error),
      );
    });
  };
  return {
    server,
    client,
    check: async (service = '') => (await ask<{ status: string }>(health, 'Check', { service })).status,
    watch: () => {
      const { path, requestSerialize, responseDeserialize } = methodOf(health, 'Watch');
      const request = { service: '' } as unknown as Note;
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize as never, request);
    },
    write: (text) => ask(echo, 'Write', { text }),
  };
}

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

describe('the health service', () => {
  it('serves while all resources are up, for the server and for each service', async () => {
    const registry = new Registry();
    const resource = {
      name: 'one',
      health: 'up' as 'up' | 'down',
      dropObsolete: () => 0,
      drain: async () => {},
    };
    registry.add(resource);
    const { check, watch } = await start({}, registry);
    expect([await check(), await check('fresh.test.Echo')]).toEqual(['SERVING', 'SERVING']);
    await expect(check('fresh.test.Other')).rejects.toMatchObject({ code: status.NOT_FOUND });
    const seen: string[] = [];
    const watching = watch();
    watching.on('error', () => undefined);
    watching.on('data', (response: { status: string }) => seen.push(response.status));
    await once(watching, 'data');
    resource.health = 'down';
    await once(watching, 'data');
    expect(await check('fresh.test.Echo')).toBe('NOT_SERVING');
    resource.health = 'up';
    await once(watching, 'data');
    expect(seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    watching.cancel();
  });

  it('refuses options that it does not know', () => {
    expect(() => serveHealth(new Server(), new HealthImplementation(), { intervalMs: -1 })).toThrow(
      /serveHealth: intervalMs .*-1/,
    );
  });
});

describeWithMariadb('the health service of a server with a database', (fixture) => {
  it('says NOT_SERVING while the database is away', async () => {
    const registry = new Registry();
    const pool = fixture.db.pool({ fresh: { registry, outageBufferMs: 50 } });
    const { check, watch } = await start({}, registry);
    await pool.query('SELECT 1');
    expect(await check()).toBe('SERVING');
    const watching = watch();
    watching.on('error', () => undefined);
    const seen: string[] = [];
    watching.on('data', (response: { status: string }) => seen.push(response.status));
    fixture.db.proxy.refuse();
    fixture.db.proxy.reset();
    await pool.query('SELECT 1').catch(() => undefined);
    await vi.waitFor(() => expect(seen).toEqual(['SERVING', 'NOT_SERVING']), 5_000);
    await fixture.db.proxy.accept();
    await vi.waitFor(() => expect(seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']), 5_000);
    watching.cancel();
  });
});

describe('drain', () => {
  it('answers what is under way, ends watches after telling them, and refuses what is new', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let begun: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const write = async (note: Note): Promise<Note> => {
      begun();
      await gate;
      return note;
    };
    const { server, write: call, watch } = await start({ write });
    const watching = watch();
    const told: string[] = [];
    watching.on('data', (response: { status: string }) => told.push(response.status));
    await once(watching, 'data');
    const underWay = call('a');
    await running;
    const startedAt = performance.now();
    const drained = drain(server, { graceMs: 5_000 });
    await once(watching, 'status');
    expect(told).toEqual(['SERVING', 'NOT_SERVING']);
    await expect(call('b')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    go();
    expect(await underWay).toEqual({ text: 'a' });
    await drained;
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('cancels what still runs after the grace, and closes open streams', async () => {
    let closed = false;
    async function* spread(): AsyncGenerator<Note> {
      try {
        for (;;) {
          yield { text: 'x' };
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      } finally {
        closed = true;
      }
    }
    const { server, client } = await start({ spread });
    const { path, requestSerialize, responseDeserialize } = methodOf(echo, 'Spread');
    const stream = client.makeServerStreamRequest<Note, Note>(path, requestSerialize, responseDeserialize, {
      text: '',
    });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.resume();
    const startedAt = performance.now();
    const ending = new Promise<StatusObject>((resolve) => stream.once('status', resolve));
    const [ended] = await Promise.all([ending, drain(server, { graceMs: 200 })]);
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain(ended.code);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(true);
  });
});
