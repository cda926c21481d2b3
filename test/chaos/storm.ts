import { type CutAction, type Direction, FaultProxy, type PrivateDatabase } from 'fresh-connections/testing';
import mysql from 'mysql2/promise';
import { contestant, type Style } from './contestants.js';
import type { History } from './history.js';
import { ACCOUNTS } from './ledger.js';
import type { Random } from './random.js';

/** How hard and how long it blows. */
export interface StormOptions {
  readonly durationMs: number;
  readonly workers: number;
  /** Between two faults, in milliseconds. */
  readonly everyMs: number;
  /** How often the server crashes. */
  readonly crashes: number;
}

/** What happened. */
export interface Weather {
  readonly cuts: number;
  readonly kills: number;
  readonly crashes: number;
}

const ACTIONS: readonly CutAction[] = ['reset', 'fin', 'silence', { delayMs: 300 }];
const DIRECTIONS: readonly Direction[] = ['to-server', 'to-client'];
/** Most faults strike where it hurts. */
const STATEMENTS: readonly RegExp[] = [
  /^COMMIT/,
  /^COMMIT/,
  /^COMMIT/,
  /outcome|marker/,
  /^UPDATE/,
  /^INSERT INTO ledger/,
];

/** Workers make transfers while connections are cut at random, killed, and the server crashes. */
export async function storm(
  server: PrivateDatabase,
  style: Style,
  history: History,
  random: Random,
  { durationMs, workers, everyMs, crashes }: StormOptions,
): Promise<Weather> {
  const { host, port, user, password, database } = server;
  await using proxy = await FaultProxy.start({ target: { host, port } });
  await using one = contestant(style, { host: proxy.host, port: proxy.port, user, password, database });
  const until = performance.now() + durationMs;
  const weather = { cuts: 0, kills: 0, crashes: 0 };
  const work = async (worker: number): Promise<void> => {
    for (let count = 1; performance.now() < until; count += 1) {
      const name = `${worker}/${count}`;
      const from = random.integer(1, ACCOUNTS);
      const to = (from % ACCOUNTS) + 1;
      history.invoke(name);
      history.note(name, await one.make({ name, from, to }));
    }
  };
  const faults = blow(server, proxy, random, until, everyMs, crashes, weather);
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  await faults;
  return weather;
}

async function blow(
  server: PrivateDatabase,
  proxy: FaultProxy,
  random: Random,
  until: number,
  everyMs: number,
  crashes: number,
  weather: { cuts: number; kills: number; crashes: number },
): Promise<void> {
  const startedAt = performance.now();
  // In good time before the end, so that a crash is survived within the run.
  const crashAt = Array.from(
    { length: crashes },
    (_, index) => startedAt + ((until - startedAt) * (index + 0.5)) / crashes,
  );
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (performance.now() >= (crashAt[weather.crashes] ?? Number.POSITIVE_INFINITY)) {
      weather.crashes += 1;
      await server.crash();
      await server.restart();
    } else if (random.next() < 0.2) {
      weather.kills += await killOne(server, random);
    } else {
      const sql = random.pick(STATEMENTS);
      const [direction, how] = [random.pick(DIRECTIONS), random.pick(ACTIONS)];
      const cut = proxy.cut({ direction, at: { command: 'COM_QUERY', sql }, when: 'before', how });
      void cut.hit.then(() => {
        weather.cuts += 1;
      });
    }
  }
}

/** Kills one of the contestant's connections, whatever it does at the moment. */
async function killOne(server: PrivateDatabase, random: Random): Promise<number> {
  let admin: mysql.Connection | undefined;
  try {
    admin = await mysql.createConnection({ uri: server.uri });
    admin.on('error', () => undefined);
    const [rows] = await admin.query<mysql.RowDataPacket[]>(
      'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB IS NOT NULL',
    );
    if (rows.length === 0) return 0;
    await admin.query(`KILL ${Number(random.pick(rows).id)}`);
    return 1;
  } catch {
    return 0;
  } finally {
    admin?.destroy();
  }
}
