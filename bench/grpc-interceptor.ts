import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, credentials } from '@grpc/grpc-js';
import mysql from 'mysql2/promise';
import { AccountService } from '../examples/accounts/account-proto.js';
import type { Bench } from './bench.js';
import { alternate, median, throughput } from './rounds.js';

const RUNNER = fileURLToPath(new URL('../scripts/example.mjs', import.meta.url));
const SERVER = fileURLToPath(new URL('./servers/interceptor-grpc-server.ts', import.meta.url));
/** How the same code is compiled differs from process to process. */
const PAIRS = 4;
const CONCURRENCY = 64;
const ROUNDS = { rounds: 30, roundMs: 150, warmUpMs: 500 };
const WARM_UP_MS = 6_000;

/** Unary calls a second with the interceptor over those without, the same handlers otherwise. */
export const grpcInterceptor: Bench = {
  name: 'gRPC calls a second, interceptor over none, 64 at once',
  target: 'at least 0.95 with an empty handler, 0.97 with one SELECT',
  async run({ uri }, report) {
    const connection = await mysql.createConnection(uri);
    await connection.query(
      'CREATE TABLE account (id BIGINT PRIMARY KEY, owner VARCHAR(255), balance BIGINT)',
    );
    await connection.query("INSERT INTO account VALUES (1, 'Alice', 10000)");
    await connection.end();
    for (const [what, method] of [
      ['an empty handler', 'transfer'],
      ['one SELECT', 'getBalance'],
    ] as const) {
      const ratios: number[] = [];
      for (let pair = 1; pair <= PAIRS; pair += 1) {
        await using none = await serve('none', uri, method);
        await using fresh = await serve('fresh', uri, method);
        for (const { call } of [none, fresh]) await throughput(call, CONCURRENCY)(WARM_UP_MS);
        const { bareUs, freshUs, ratio } = await alternate(ROUNDS, {
          bare: throughput(none.call, CONCURRENCY),
          fresh: throughput(fresh.call, CONCURRENCY),
        });
        ratios.push(1 / ratio);
        const times = `none ${bareUs.toFixed(1)} µs a call, interceptor ${freshUs.toFixed(1)} µs`;
        report(`${what}, pair ${pair}: ${times}, throughput ratio ${(1 / ratio).toFixed(3)}`);
      }
      report(`${what}, median of ${PAIRS} pairs: throughput ratio ${median(ratios).toFixed(3)}`);
    }
  },
};

interface Served extends AsyncDisposable {
  call(): Promise<void>;
}

async function serve(interceptor: 'none' | 'fresh', uri: string, method: string): Promise<Served> {
  const env = { ...process.env, DATABASE_URI: uri, INTERCEPTOR: interceptor };
  const server: ChildProcess = fork(RUNNER, [SERVER], { env });
  const ended = once(server, 'exit').then(() => Promise.reject(new Error('the server ended')));
  const [message] = await Promise.race([once(server, 'message'), ended]);
  ended.catch(() => undefined);
  const { port } = message as { port: number };
  const client: Client = new AccountService(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = (client as unknown as Record<string, Unary>)[method]?.bind(client);
  return {
    call: () =>
      new Promise((resolve, reject) => {
        call?.({ id: 1 }, (error) => (error === null ? resolve() : reject(error)));
      }),
    [Symbol.asyncDispose]: async () => {
      client.close();
      const exit = once(server, 'exit');
      server.kill();
      await exit;
    },
  };
}

type Unary = (request: object, callback: (error: unknown) => void) => void;
