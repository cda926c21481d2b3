import type { Audit } from './audit.js';
import type { Column } from './column.js';

/** A column and what the ledger said of it. */
export interface Judged {
  readonly column: Column;
  readonly audit: Audit;
}

const ROWS: readonly (readonly [label: string, cell: (judged: Judged) => string | number])[] = [
  ['calls', ({ column }) => column.tally.calls],
  ['failed', ({ column }) => column.tally.failed],
  ['lost writes', ({ audit }) => audit.lost],
  ['doubled writes', ({ audit }) => audit.doubled],
  ['outcome unknown', ({ column }) => column.tally.unknown],
  ['told failed, yet written', ({ audit }) => audit.hidden],
  ['server died', ({ column }) => column.server.deaths],
  ['sum of balances', ({ audit }) => (audit.moneyKept ? 'kept' : 'WRONG')],
  ['slowest call (ms)', ({ column }) => Math.round(column.tally.slowestMs)],
];

const LABEL_WIDTH = Math.max(...ROWS.map(([label]) => label.length));
const CELL_WIDTH = 9;

/** The table as text. */
export function table(judged: readonly Judged[]): string {
  const head = (cells: readonly string[]): string => line('', cells);
  return [
    head(judged.map(({ column }) => column.protocol)),
    head(judged.map(({ column }) => column.style)),
    ...ROWS.map(([label, cell]) =>
      line(
        label,
        judged.map((one) => String(cell(one))),
      ),
    ),
  ].join('\n');
}

function line(label: string, cells: readonly string[]): string {
  return [label.padEnd(LABEL_WIDTH), ...cells.map((cell) => cell.padStart(CELL_WIDTH))].join('  ');
}
