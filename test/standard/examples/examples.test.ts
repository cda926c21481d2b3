import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type PrivateDatabase, startDatabase } from 'fresh-connections/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/testing/free-port.js';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** Starts what an npm script starts, without npm between: signals must reach the program. */
function start(script: string, env: NodeJS.ProcessEnv): ChildProcess {
  const [command = '', ...args] = (scripts[script] ?? '').split(' ');
  const program = command === 'node' ? process.execPath : command;
  return spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function listening({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: stdout })) {
    const port = /^listening on [\d.]+:(\d+)$/.exec(line)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error('the server ended');
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  return text;
}

describe('the examples', () => {
  let database: PrivateDatabase;
  beforeAll(async () => {
    database = await startDatabase({ prefer: 'private' });
  });
  afterAll(() => database.stop());

  test.each([
    ['thrift', 'thrift'],
    ['grpc', 'grpc'],
    ['nice-grpc', 'grpc'],
    ['nestjs', 'grpc'],
  ])(
    'the %s server says where it listens, serves its client across a KILL, and ends on SIGTERM',
    { timeout: 60_000 },
    async (served, kind) => {
      const server = start(`example:${served}-server`, {
        // NestJS does not tell which port it was given.
        PORT: served === 'nestjs' ? String(await freePort()) : '0',
        MYSQL_URL: database.connectionUri('test'),
      });
      try {
        const PORT = await listening(server);
        const first = await output(start(`example:${kind}-client`, { PORT }));
        expect(first).toMatch(/\d/);
        await database.killAll();
        const second = await output(start(`example:${kind}-client`, { PORT }));
        expect(second.split('\n')).toHaveLength(first.split('\n').length);
        server.kill('SIGTERM');
        expect(await once(server, 'exit')).toEqual([0, null]);
      } finally {
        server.kill('SIGKILL');
      }
    },
  );

  test('a client with a retry policy does not notice that the database was away', {
    timeout: 60_000,
  }, async () => {
    const server = start('example:grpc-server', {
      PORT: '0',
      MYSQL_URL: database.connectionUri('test'),
    });
    try {
      const PORT = await listening(server);
      const client = start('example:grpc-retrying-client', { PORT, CALLS: '3000' });
      const said = output(client);
      await once(client.stdout ?? client, 'data');
      await database.crash();
      await database.restart();
      expect(await said).toMatch(/3000 calls, 0 failed/);
    } finally {
      server.kill('SIGKILL');
    }
  });

  const files = ['grpc-retrying-client', 'nice-grpc-server', 'nestjs/server'];
  test.each(['thrift-server', 'thrift-client', 'grpc-server', 'grpc-client', ...files])(
    '%s is short',
    (name) => {
      const lines = readFileSync(`examples/${name}.ts`, 'utf8').split('\n').length;
      expect(lines).toBeLessThan(120);
    },
  );
});
