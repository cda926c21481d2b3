import { type PrivateDatabase, startDatabase } from 'fresh-connections/testing';
import mysql from 'mysql2/promise';
import type { Style } from './contestants.js';
import { everyPacket } from './every-packet.js';
import { History, type Verdict } from './history.js';
import { resetLedger } from './ledger.js';
import { Random } from './random.js';
import { type StormOptions, storm } from './storm.js';
import { afterRestart, onAnotherServer, type StrangersVerdict } from './strangers.js';

/** How much is done. */
export interface ChaosOptions {
  readonly seed: number;
  readonly storm: StormOptions;
  /** Of the planted faults, which show soon. */
  readonly plantedStorm: StormOptions;
  /** Every so many packets are cut at; 1 for all. */
  readonly stride: number;
}

/** A line of the table. */
export interface ChaosRow {
  readonly run: string;
  readonly style: Style;
  readonly verdict: Verdict;
  readonly faults: string;
  /** Whether it went as it must. */
  readonly ok: boolean;
}

/** Runs it all on a private MariaDB and reports line by line; resolves to whether all went as it must. */
export async function chaos(
  options: ChaosOptions,
  report: (line: string) => void,
): Promise<{ readonly ok: boolean; readonly rows: readonly ChaosRow[] }> {
  const rows: ChaosRow[] = [];
  await using server = await privateDatabase();
  const run = async (
    name: string,
    style: Style,
    work: (history: History, random: Random) => Promise<string>,
  ): Promise<void> => {
    await reset(server);
    const history = new History();
    const faults = await work(history, new Random(options.seed));
    const row = await judged(server, name, style, history, faults);
    rows.push(row);
    report(lineOf(row));
  };
  report(HEADER);
  for (const style of ['exactly once', 'transaction'] as const) {
    await run('every packet', style, async (history) => {
      return `${await everyPacket(server, style, history, options.stride)} cuts`;
    });
    await run('storm', style, async (history, random) => {
      const { cuts, kills, crashes } = await storm(server, style, history, random, options.storm);
      return `${cuts} cuts, ${kills} kills, ${crashes} crashes`;
    });
  }
  for (const style of ['naive SELECT', 'blind second run'] as const) {
    await run('planted fault', style, async (history, random) => {
      const { cuts, kills } = await storm(server, style, history, random, options.plantedStorm);
      return `${cuts} cuts, ${kills} kills`;
    });
  }
  // Servers that have had few connections yet: ids are low, and soon somebody else's.
  await using young = await privateDatabase();
  await using other = await privateDatabase();
  await reset(young);
  const strangers = [
    ['restarted server', await afterRestart(young)],
    ['another server', await onAnotherServer(young, other)],
  ] as const;
  for (const [name, verdict] of strangers) report(strangersLine(name, verdict));
  const ok = rows.every((row) => row.ok) && strangers.every(([, verdict]) => isSpared(verdict));
  return { ok, rows };
}

async function reset({ uri }: PrivateDatabase): Promise<void> {
  const admin = await mysql.createConnection({ uri });
  await resetLedger(admin);
  await admin.query('CREATE TABLE IF NOT EXISTS marker (id VARCHAR(40) PRIMARY KEY) ENGINE=InnoDB');
  admin.destroy();
}

async function privateDatabase(): Promise<PrivateDatabase> {
  const server = await startDatabase({ prefer: 'mariadb', maxConnections: 2_000 });
  if (!('crash' in server)) throw new Error('chaos needs a database of its own, which it may crash');
  return server;
}

async function judged(
  server: PrivateDatabase,
  run: string,
  style: Style,
  history: History,
  faults: string,
): Promise<ChaosRow> {
  // What is held in the network arrives, or is gone, by then.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const admin = await mysql.createConnection({ uri: server.uri });
  const verdict = await history.check(admin);
  admin.destroy();
  return { run, style, verdict, faults, ok: isAsItMust(style, verdict) };
}

/**
 * With `exactlyOnce` nothing is lost, doubled or hidden, and nothing that happened is told to be unknown.
 * Without it, what is hidden was told to be unknown. The checker has to catch what was planted.
 */
function isAsItMust(style: Style, verdict: Verdict): boolean {
  const { lost, doubled, hidden, unknownAndThere, moneyKept } = verdict;
  const wrong = lost + doubled + hidden;
  if (style === 'exactly once') return wrong + unknownAndThere === 0 && moneyKept;
  if (style === 'transaction') return wrong === 0 && moneyKept;
  return wrong > 0;
}

/** No stranger was killed, and what was told is true. */
function isSpared({ sameId, killed, told, effects }: StrangersVerdict): boolean {
  const truthful = told === 'unknown' ? effects <= 1 : effects === (told === 'done' ? 1 : 0);
  return sameId && killed === 0 && truthful;
}

const COLUMNS = ['transfers', 'done', 'failed', 'unknown', 'lost', 'doubled', 'hidden'] as const;
const HEADER = [
  'run'.padEnd(14),
  'style'.padEnd(17),
  ...COLUMNS.map((name) => name.padStart(9)),
  '  verdict, faults',
].join(' ');

function lineOf({ run, style, verdict, faults, ok }: ChaosRow): string {
  const numbers = COLUMNS.map((name) => String(verdict[name]).padStart(9));
  const planted = style === 'naive SELECT' || style === 'blind second run';
  const words = planted ? (ok ? 'caught' : 'NOT CAUGHT') : ok ? 'ok' : 'VIOLATION';
  return [run.padEnd(14), style.padEnd(17), ...numbers, `  ${words}, ${faults}`].join(' ');
}

function strangersLine(name: string, verdict: StrangersVerdict): string {
  const { sameId, killed, told, effects } = verdict;
  const facts = `told ${told}, effects ${effects}, strangers killed ${killed}, one had the old id: ${sameId}`;
  return `strangers, ${name}: ${facts}: ${isSpared(verdict) ? 'ok' : 'VIOLATION'}`;
}
