/** The types of the protocol that the server sends or takes. */
export const WIRE_TYPES = {
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  JSON: 245,
  NEWDECIMAL: 246,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
} as const;

/** A value as the engine gives it. */
export type Value = null | bigint | number | string | Uint8Array;

/** What a type is on the wire. */
export interface ColumnType {
  readonly wire: number;
  readonly unsigned: boolean;
  /** Bytes rather than text. */
  readonly binary: boolean;
  /** Digits after the point, of decimals and of seconds. */
  readonly decimals: number;
}

/** A column of a result. */
export interface ResultColumn extends ColumnType {
  readonly name: string;
  /** The table's database, name and alias; empty for an expression. */
  readonly database: string;
  readonly table: string;
  readonly alias: string;
}

/** A type with what is not said taken as usual. */
export function columnType(wire: number, others: Partial<ColumnType> = {}): ColumnType {
  return { wire, unsigned: false, binary: false, decimals: 0, ...others };
}
