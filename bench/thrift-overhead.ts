import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import thrift, { Int64 } from 'thrift';
import AccountService from '../examples/gen/AccountService.js';
import type { Bench } from './bench.js';
import { alternate, median, throughput } from './rounds.js';

const RUNNER = fileURLToPath(new URL('../scripts/example.mjs', import.meta.url));
/** How the same code is compiled differs from process to process, by more than what is measured. */
const PAIRS = Number(process.env.BENCH_PAIRS ?? 5);
const ROUNDS = { rounds: 30, roundMs: 150, warmUpMs: 500 };
/** Until all of it is compiled. */
const WARM_UP_MS = 5_000;
const AT_ONCE = 64;
const CONNECTIONS = 4;

/**
 * What freshProcessor and attach add to the time of a Thrift call with an empty handler. Each server is a
 * process of its own, the client a third; the ratio is the median over several pairs of servers.
 */
export const thriftOverhead: Bench = {
  name: 'a Thrift call with an empty handler, fresh over bare, 64 at once',
  target: 'calls per second at least 0.95, time per call at most 1.05',
  async run(_database, report) {
    const ratios: number[] = [];
    for (let pair = 1; pair <= PAIRS; pair += 1) {
      await using bare = await serve('bare');
      await using fresh = await serve('fresh');
      for (const { call } of [bare, fresh]) await throughput(call, AT_ONCE)(WARM_UP_MS);
      const { bareUs, freshUs, ratio } = await alternate(ROUNDS, {
        bare: throughput(bare.call, AT_ONCE),
        fresh: throughput(fresh.call, AT_ONCE),
      });
      ratios.push(ratio);
      const times = `bare ${bareUs.toFixed(1)} µs a call, fresh ${freshUs.toFixed(1)} µs`;
      report(`pair ${pair}: ${times}, ratio ${ratio.toFixed(3)}`);
    }
    const time = median(ratios);
    report(`median of ${PAIRS} pairs: time ${time.toFixed(3)}, calls per second ${(1 / time).toFixed(3)}`);
  },
};

interface Served extends AsyncDisposable {
  call(): Promise<unknown>;
}

async function serve(style: 'bare' | 'fresh'): Promise<Served> {
  const file = fileURLToPath(new URL(`./servers/${style}-thrift-server.ts`, import.meta.url));
  const server = fork(RUNNER, [file], { execArgv: ['--no-deprecation'] });
  const ended = once(server, 'exit').then(() => Promise.reject(new Error(`the ${style} server ended`)));
  const [message] = await Promise.race([once(server, 'message'), ended]);
  ended.catch(() => undefined);
  const { port } = message as { port: number };
  const connections = Array.from({ length: CONNECTIONS }, () =>
    thrift.createConnection('127.0.0.1', port, {}),
  );
  const clients = connections.map((connection) => thrift.createClient(AccountService, connection));
  const id = new Int64(1);
  let next = 0;
  return {
    call: () => {
      next = (next + 1) % CONNECTIONS;
      return clients[next]?.balance(id) ?? Promise.reject(new Error('no client'));
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end();
      await stop(server);
    },
  };
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = once(server, 'exit');
  server.kill();
  await ended;
}
