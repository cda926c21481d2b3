// npm run demo: four account servers on one database, over Thrift and over gRPC, written as today (bare) and
// with fresh-connections (fresh). Their connections are torn down in every way, and their clients count what
// they notice of it. `npm run demo -- embedded` (mariadb, mysql, external) runs it on that kind of database.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import process from 'node:process';
import { type StartDatabaseOptions, startDatabase, type TestDatabase } from 'fresh-connections/testing';
import { audit } from './audit.js';
import { type Column, openColumn } from './column.js';
import { phasesFor } from './phases.js';
import { progress } from './progress.js';
import { type Judged, table } from './table.js';
import { Undo } from './undo.js';
import { verdict } from './verdict.js';

const undo = new Undo();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => undo.run().finally(() => process.exit(128 + constants.signals[signal])));
}

try {
  process.exitCode = (await demo()) ? 0 : 1;
} finally {
  await undo.run();
}

async function demo(): Promise<boolean> {
  const database = await startDatabase(chosen(process.argv[2]));
  undo.add(() => database.stop());
  console.log(`database: ${database.description}`);

  const columns = await progress('four servers start', () => openColumns(database));
  for (const { name, run } of phasesFor(database)) {
    const before = columns.map(({ tally }) => tally.failed);
    await progress(
      name,
      () => run({ database, columns, undo }),
      () => failures(columns, before),
    );
  }
  if (database.kind === 'external')
    console.log('left out: a crash of the database, which is not ours to crash');

  const judged = await progress('the ledgers are checked', () => judge(database, columns));
  console.log(`\n${table(judged)}\n`);
  return verdict(judged);
}

/** Which database was asked for; without an argument the best there is. */
function chosen(kind: string | undefined): StartDatabaseOptions {
  if (kind === undefined) return {};
  const prefer = (['external', 'mariadb', 'mysql', 'embedded'] as const).find((known) => known === kind);
  if (prefer === undefined) throw new RangeError(`no such kind of database: ${kind}`);
  return { prefer };
}

function openColumns(database: TestDatabase): Promise<Column[]> {
  const run = randomBytes(4).toString('hex');
  const columns = (['Thrift', 'gRPC'] as const).flatMap((protocol) =>
    (['bare', 'fresh'] as const).map((style) => openColumn(database, { protocol, style, run }, undo)),
  );
  return Promise.all(columns);
}

/** What a phase did: failed calls of each server. */
function failures(columns: readonly Column[], before: readonly number[]): string {
  const counts = columns.map(
    ({ protocol, style, tally }, index) =>
      `${protocol} ${style} ${String(tally.failed - (before[index] ?? 0)).padStart(4)}`,
  );
  return `failed: ${counts.join('  ')}`;
}

/** The servers go first: nothing is under way any more when the ledgers are read. */
async function judge(database: TestDatabase, columns: readonly Column[]): Promise<Judged[]> {
  await Promise.all(columns.map(({ server }) => server.stop()));
  const audits = columns.map(async (column) => ({
    column,
    audit: await audit(database.uri, column.tables, column.tally),
  }));
  return Promise.all(audits);
}
