// npm run chaos [-- --seed 42 --seconds 60]: faults at every packet and at random, and what became of each
// transfer. Exits with 1 when anything was lost, doubled or hidden, or when a planted fault was not caught.
import { parseArgs } from 'node:util';
import { setLogger } from 'fresh-connections';
import { chaos } from './suite.js';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const seconds = Number(values.seconds);
if (!Number.isInteger(seed) || !(seconds > 0)) {
  console.error('usage: npm run chaos -- [--seed INTEGER] [--seconds NUMBER]');
  process.exit(2);
}
// What the toolkit reports of each fault would drown the table.
setLogger({ debug: silent, info: silent, warn: silent, error: silent });
console.log(`seed ${seed}`);
const { ok } = await chaos(
  {
    seed,
    stride: 1,
    storm: { durationMs: seconds * 1000, workers: 16, everyMs: 60, crashes: Math.ceil(seconds / 30) },
    plantedStorm: { durationMs: 10_000, workers: 16, everyMs: 40, crashes: 0 },
  },
  (line) => console.log(line),
);
console.log(ok ? 'all as it must be' : `VIOLATIONS: run it again with --seed ${seed}`);
process.exitCode = ok ? 0 : 1;

function silent(): void {}
