import fresh from 'fresh-connections/mysql2/promise';
import bare, { type Pool } from 'mysql2/promise';
import type { Bench } from './bench.js';
import { alternate, throughput } from './rounds.js';

const ROUNDS = { rounds: 40, roundMs: 150, warmUpMs: 1_500 };

/** What statements cost through the fresh pool's promise API, against mysql2's, and against a ping at each checkout. */
export const statementThroughput: Bench = {
  name: 'statements a second, fresh over bare and over ping at checkout',
  target: 'at least 1.10 one at a time, 1.03 with 32 at once, 1.8 times ping at checkout',
  async run({ uri }, report) {
    const pools = {
      bare: bare.createPool({ uri, connectionLimit: 32 }),
      fresh: fresh.createPool({ uri, connectionLimit: 32 }),
    };
    for (const concurrency of [1, 32]) {
      const { bareUs, freshUs, ratio } = await alternate(ROUNDS, {
        bare: throughput(() => pools.bare.query('SELECT 1'), concurrency),
        fresh: throughput(() => pools.fresh.query('SELECT 1'), concurrency),
      });
      report(line(`${concurrency} at once`, 'bare', bareUs, freshUs, ratio));
      const pinged = await alternate(ROUNDS, {
        bare: throughput(() => withPing(pools.bare), concurrency),
        fresh: throughput(() => pools.fresh.query('SELECT 1'), concurrency),
      });
      report(line(`${concurrency} at once`, 'ping', pinged.bareUs, pinged.freshUs, pinged.ratio));
    }
    const before = pools.fresh.stats.probed;
    await throughput(() => pools.fresh.query('SELECT 1'), 32)(2_000);
    report(`probes in 2 s of steady load: ${pools.fresh.stats.probed - before}`);
    await Promise.all([pools.bare.end(), pools.fresh.end()]);
  },
};

function line(what: string, against: string, bareUs: number, freshUs: number, ratio: number): string {
  const figures = `${against} ${bareUs.toFixed(1)} µs, fresh ${freshUs.toFixed(1)} µs`;
  return `${what.padStart(10)}: ${figures}, throughput ratio ${(1 / ratio).toFixed(3)}`;
}

/** A proof of life at each checkout, as SQLAlchemy's pool_pre_ping does it. */
async function withPing(pool: Pool): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.ping();
    await connection.query('SELECT 1');
  } finally {
    connection.release();
  }
}
