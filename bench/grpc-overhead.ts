import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, credentials } from '@grpc/grpc-js';
import mysql from 'mysql2/promise';
import { AccountService } from '../examples/accounts/account-proto.js';
import type { Bench } from './bench.js';
import { alternate, latency } from './rounds.js';

const RUNNER = fileURLToPath(new URL('../scripts/example.mjs', import.meta.url));
const ROUNDS = { rounds: 60, roundMs: 150, warmUpMs: 3_000 };

/**
 * What interceptor, decorator and fresh pool add to the time of a unary gRPC call with one SELECT. Each
 * server is a process of its own, the client a third.
 */
export const grpcOverhead: Bench = {
  name: 'a gRPC call with one SELECT, fresh over bare',
  target: 'at most 1.05',
  async run({ uri }, report) {
    await createAccount(uri);
    await using bare = await serve('bare', uri);
    await using fresh = await serve('fresh', uri);
    for (const concurrency of [1, 16]) {
      const { bareUs, freshUs, ratio } = await alternate(ROUNDS, {
        bare: latency(bare.getBalance, concurrency),
        fresh: latency(fresh.getBalance, concurrency),
      });
      report(
        `${String(concurrency).padStart(2)} at once: bare ${bareUs.toFixed(1)} µs, fresh ${freshUs.toFixed(1)} µs, ` +
          `ratio ${ratio.toFixed(3)}`,
      );
    }
  },
};

async function createAccount(uri: string): Promise<void> {
  const connection = await mysql.createConnection(uri);
  await connection.query(
    'CREATE TABLE account (id BIGINT PRIMARY KEY, owner VARCHAR(255) NOT NULL, balance BIGINT NOT NULL)',
  );
  await connection.query("INSERT INTO account VALUES (1, 'Alice', 10000)");
  await connection.end();
}

interface Served extends AsyncDisposable {
  getBalance(): Promise<void>;
}

async function serve(style: 'bare' | 'fresh', uri: string): Promise<Served> {
  const file = fileURLToPath(new URL(`./servers/${style}-grpc-server.ts`, import.meta.url));
  const server = fork(RUNNER, [file], { env: { ...process.env, DATABASE_URI: uri } });
  const ended = once(server, 'exit').then(() => Promise.reject(new Error(`the ${style} server ended`)));
  const [message] = await Promise.race([once(server, 'message'), ended]);
  ended.catch(() => undefined);
  const client = new AccountService(
    `127.0.0.1:${(message as { port: number }).port}`,
    credentials.createInsecure(),
  );
  return {
    getBalance: () => getBalance(client),
    [Symbol.asyncDispose]: async () => {
      client.close();
      await stop(server);
    },
  };
}

type GetBalance = (request: object, callback: (error: unknown) => void) => void;

function getBalance(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    (client as unknown as { getBalance: GetBalance }).getBalance({ id: 1 }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = once(server, 'exit');
  server.kill();
  await ended;
}
