import type { Judged } from './table.js';

const LINE_WIDTH = 240;

/** Says whether what is fresh kept its promise, and if not, what is known of it. */
export function verdict(judged: readonly Judged[]): boolean {
  const broken = judged.filter(({ column }) => column.style === 'fresh').filter((one) => !kept(one));
  if (broken.length === 0) {
    console.log('fresh: no failed call, no lost write, no doubled write');
    return true;
  }
  for (const { column } of broken) {
    console.log(`NOT KEPT over ${column.protocol}: fresh must hold no failed, lost or doubled call`);
    for (const [failure, times] of column.tally.failures) console.log(`  ${times} times: ${failure}`);
    console.log("  the end of the server's log:");
    for (const line of column.server.log.trimEnd().split('\n'))
      console.log(`    ${line.slice(0, LINE_WIDTH)}`);
  }
  return false;
}

function kept({ column: { tally, server }, audit }: Judged): boolean {
  const bad = tally.failed + audit.lost + audit.doubled + server.deaths;
  return bad === 0 && audit.moneyKept && tally.calls > 0;
}
