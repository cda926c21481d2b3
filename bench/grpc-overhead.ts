import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, credentials } from '@grpc/grpc-js';
import mysql from 'mysql2/promise';
import { AccountService } from '../examples/accounts/account-proto.js';
import type { Bench } from './bench.js';
import { alternate, median, throughput } from './rounds.js';

const RUNNER = fileURLToPath(new URL('../scripts/example.mjs', import.meta.url));
/** How the same code is compiled differs from process to process, by more than what is measured. */
const PAIRS = 5;
const ROUNDS = { rounds: 30, roundMs: 150, warmUpMs: 500 };
/** Until all of it is compiled, which takes more than ten thousand calls. */
const WARM_UP_MS = 8_000;

/**
 * What interceptor, decorator and fresh pool add to the time of a unary gRPC call with one SELECT. Each
 * server is a process of its own, the client a third; the ratio is the median over several pairs of servers.
 */
export const grpcOverhead: Bench = {
  name: 'a gRPC call with one SELECT, fresh over bare',
  target: 'at most 1.05',
  async run({ uri }, report) {
    await createAccount(uri);
    const ratios = new Map<number, number[]>([
      [1, []],
      [16, []],
    ]);
    for (let pair = 1; pair <= PAIRS; pair += 1) {
      await using bare = await serve('bare', uri);
      await using fresh = await serve('fresh', uri);
      for (const { getBalance } of [bare, fresh]) await throughput(getBalance, 16)(WARM_UP_MS);
      for (const [concurrency, ofPairs] of ratios) {
        const { bareUs, freshUs, ratio } = await alternate(ROUNDS, {
          bare: throughput(bare.getBalance, concurrency),
          fresh: throughput(fresh.getBalance, concurrency),
        });
        ofPairs.push(ratio);
        const times = `bare ${bareUs.toFixed(1)} µs a call, fresh ${freshUs.toFixed(1)} µs`;
        report(`pair ${pair}, ${atOnce(concurrency)}: ${times}, ratio ${ratio.toFixed(3)}`);
      }
    }
    for (const [concurrency, ofPairs] of ratios) {
      report(`${atOnce(concurrency)}, median of ${PAIRS} pairs: ratio ${median(ofPairs).toFixed(3)}`);
    }
  },
};

function atOnce(concurrency: number): string {
  return `${String(concurrency).padStart(2)} at once`;
}

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
