import { type ColumnType, columnType, type ResultColumn, type Value, WIRE_TYPES } from '../column.js';
import type { RowsResult } from '../result.js';
import { writeBinaryValue } from './binary-value.js';
import { BINARY, UTF8MB4 } from './handshake.js';
import { PayloadWriter } from './payload-writer.js';
import { eofPacket } from './replies.js';
import { valueText } from './value-text.js';

const TEXT_NULL = 0xfb;
const FIELD_LENGTH = 0x0c;
const UNSIGNED_FLAG = 1 << 5;
const BINARY_FLAG = 1 << 7;
/** What clients take for the width of a column; nothing here depends on it. */
const DISPLAY_LENGTH = 1024;
/** In the null bitmap of a row, the first two bits are not used. */
const BITMAP_OFFSET = 2;

/** Types that are text with a character set. */
const TEXTUAL: ReadonlySet<number> = new Set([WIRE_TYPES.BLOB, WIRE_TYPES.VAR_STRING, WIRE_TYPES.STRING]);

/** What is said of a parameter: it takes anything. */
export const parameterDefinition: ResultColumn = {
  ...columnType(WIRE_TYPES.VAR_STRING),
  name: '?',
  database: '',
  table: '',
  alias: '',
};

/** The packets of a result: of the text protocol, or of the binary one for prepared statements. */
export function resultSetPackets(
  { columns, rows }: RowsResult,
  status: number,
  protocol: 'text' | 'binary',
): Buffer[] {
  const row = protocol === 'text' ? textRow : binaryRow;
  return [
    new PayloadWriter().length(columns.length).payload,
    ...definitionPackets(columns, status),
    ...rows.map((values) => row(columns, values)),
    eofPacket(status),
  ];
}

/** The packets that define columns or parameters; none when there are none. */
export function definitionPackets(columns: readonly ResultColumn[], status: number): Buffer[] {
  return columns.length === 0 ? [] : [...columns.map(definition), eofPacket(status)];
}

function definition(column: ResultColumn): Buffer {
  const textual = TEXTUAL.has(column.wire) && !column.binary;
  return new PayloadWriter()
    .lengthText('def')
    .lengthText(column.database)
    .lengthText(column.alias)
    .lengthText(column.table)
    .lengthText(column.name)
    .lengthText(column.name)
    .uint(FIELD_LENGTH, 1)
    .uint(textual ? UTF8MB4 : BINARY, 2)
    .uint(DISPLAY_LENGTH, 4)
    .uint(column.wire, 1)
    .uint((column.unsigned ? UNSIGNED_FLAG : 0) | (textual ? 0 : BINARY_FLAG), 2)
    .uint(column.decimals, 1)
    .uint(0, 2).payload;
}

function textRow(columns: readonly ColumnType[], values: readonly Value[]): Buffer {
  const writer = new PayloadWriter();
  for (const [i, column] of columns.entries()) {
    const value = values[i] ?? null;
    if (value === null) writer.uint(TEXT_NULL, 1);
    else if (value instanceof Uint8Array) writer.lengthBytes(value);
    else writer.lengthText(valueText(value, column));
  }
  return writer.payload;
}

function binaryRow(columns: readonly ColumnType[], values: readonly Value[]): Buffer {
  const nulls = Buffer.alloc((columns.length + 7 + BITMAP_OFFSET) >> 3);
  const fields = new PayloadWriter();
  for (const [i, column] of columns.entries()) {
    const value = values[i] ?? null;
    if (value !== null) {
      writeBinaryValue(fields, value, column);
      continue;
    }
    const bit = i + BITMAP_OFFSET;
    nulls[bit >> 3] = (nulls[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return new PayloadWriter().uint(0, 1).bytes(nulls).bytes(fields.payload).payload;
}
