import { type ColumnType, type Value, WIRE_TYPES } from '../column.js';
import type { PayloadReader } from './payload-reader.js';
import type { PayloadWriter } from './payload-writer.js';
import { valueText } from './value-text.js';

const INTEGER_BYTES: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([
  [WIRE_TYPES.TINY, 1],
  [WIRE_TYPES.SHORT, 2],
  [WIRE_TYPES.YEAR, 2],
  [WIRE_TYPES.INT24, 4],
  [WIRE_TYPES.LONG, 4],
  [WIRE_TYPES.LONGLONG, 8],
]);

/** Writes a value of a row of the binary protocol. */
export function writeBinaryValue(
  writer: PayloadWriter,
  value: Exclude<Value, null>,
  column: ColumnType,
): void {
  const integerBytes = INTEGER_BYTES.get(column.wire);
  if (integerBytes !== undefined) writer.int(toInteger(value), integerBytes);
  else if (column.wire === WIRE_TYPES.DOUBLE) writer.double(Number(value));
  else if (column.wire === WIRE_TYPES.FLOAT) writer.float(Number(value));
  else if (isMoment(column.wire)) writeMoment(writer, valueText(value, column));
  else if (column.wire === WIRE_TYPES.TIME) writeTime(writer, valueText(value, column));
  else if (value instanceof Uint8Array) writer.lengthBytes(value);
  else writer.lengthText(valueText(value, column));
}

/** Reads a parameter of a prepared statement. Dates become text, as the engine keeps them. */
export function readBinaryValue(reader: PayloadReader, wire: number, unsigned: boolean): Value {
  switch (wire) {
    case WIRE_TYPES.NULL:
      return null;
    case WIRE_TYPES.FLOAT:
      return reader.float();
    case WIRE_TYPES.DOUBLE:
      return reader.double();
    case WIRE_TYPES.DATE:
    case WIRE_TYPES.DATETIME:
    case WIRE_TYPES.TIMESTAMP:
      return readMoment(reader);
    case WIRE_TYPES.TIME:
      return readTime(reader);
    case WIRE_TYPES.BLOB:
      return reader.lengthBytes();
    default:
  }
  const integerBytes = INTEGER_BYTES.get(wire);
  if (integerBytes === 8) return reader.bigint(unsigned);
  if (integerBytes) return BigInt(unsigned ? reader.uint(integerBytes) : reader.int(integerBytes));
  return reader.lengthBytes().toString();
}

function toInteger(value: Exclude<Value, null>): bigint {
  if (typeof value === 'bigint') return value;
  const number = Number(value instanceof Uint8Array ? Number.NaN : value);
  return Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n;
}

function isMoment(wire: number): boolean {
  return wire === WIRE_TYPES.DATE || wire === WIRE_TYPES.DATETIME || wire === WIRE_TYPES.TIMESTAMP;
}

/** Year, month, day and, unless all are zero, hour, minute, second and microseconds. */
function writeMoment(writer: PayloadWriter, text: string): void {
  const [year = 0, month = 0, day = 0, ...time] = numbersOf(text);
  const { hours, minutes, seconds, microseconds } = timeOf(time, text);
  const short = hours + minutes + seconds + microseconds === 0;
  writer
    .uint(short ? 4 : 11, 1)
    .uint(year, 2)
    .uint(month, 1)
    .uint(day, 1);
  if (!short) writer.uint(hours, 1).uint(minutes, 1).uint(seconds, 1).uint(microseconds, 4);
}

/** Sign, days, hours, minutes, seconds, microseconds. */
function writeTime(writer: PayloadWriter, text: string): void {
  const { hours, minutes, seconds, microseconds } = timeOf(numbersOf(text), text);
  writer
    .uint(12, 1)
    .uint(text.startsWith('-') ? 1 : 0, 1)
    .uint(Math.floor(hours / 24), 4);
  writer
    .uint(hours % 24, 1)
    .uint(minutes, 1)
    .uint(seconds, 1)
    .uint(microseconds, 4);
}

function numbersOf(text: string): number[] {
  return (text.split('.')[0] ?? '').match(/\d+/g)?.map(Number) ?? [];
}

function timeOf(
  [hours = 0, minutes = 0, seconds = 0]: readonly number[],
  text: string,
): { hours: number; minutes: number; seconds: number; microseconds: number } {
  return { hours, minutes, seconds, microseconds: Number((text.split('.')[1] ?? '').padEnd(6, '0')) };
}

function readMoment(reader: PayloadReader): string {
  const length = reader.uint(1);
  if (length === 0) return '0000-00-00';
  const date = [pad(reader.uint(2), 4), pad(reader.uint(1)), pad(reader.uint(1))].join('-');
  if (length === 4) return `${date} 00:00:00`;
  return `${date} ${readClock(reader, length === 11, 0)}`;
}

function readTime(reader: PayloadReader): string {
  const length = reader.uint(1);
  if (length === 0) return '00:00:00';
  const sign = reader.uint(1) === 1 ? '-' : '';
  const days = reader.uint(4);
  return sign + readClock(reader, length === 12, days * 24);
}

function readClock(reader: PayloadReader, fractional: boolean, extraHours: number): string {
  const clock = [reader.uint(1) + extraHours, reader.uint(1), reader.uint(1)].map((n) => pad(n)).join(':');
  const microseconds = fractional ? pad(reader.uint(4), 6).replace(/0+$/, '') : '';
  return microseconds === '' ? clock : `${clock}.${microseconds}`;
}

function pad(number: number, digits = 2): string {
  return String(number).padStart(digits, '0');
}
