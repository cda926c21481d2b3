import { type ColumnType, columnType, WIRE_TYPES } from '../column.js';
import { quotedString } from './render.js';

/** A MySQL type of a column: how it is stored, checked and sent. */
export interface StoredType extends ColumnType {
  /** The declared type in SQLite, which decides what is converted. */
  readonly affinity: string;
  /** Conditions on a value, by the number of the error when one is not met. `c` is the column. */
  readonly checks: readonly (readonly [errno: number, condition: string])[];
}

/** What is written after the name of a type. */
export interface TypeArguments {
  readonly numbers: readonly number[];
  /** The values of an ENUM. */
  readonly strings: readonly string[];
  readonly unsigned: boolean;
  /** The collation compares bytes. */
  readonly exact: boolean;
}

const ER_TOO_LONG = 1406;
const ER_OUT_OF_RANGE = 1264;
const ER_WRONG_VALUE = 1366;
const ER_TRUNCATED = 1265;
const ER_INVALID_JSON = 3140;

type Make = (args: TypeArguments) => StoredType;

const integer =
  (wire: number, bits: number): Make =>
  ({ unsigned }) => {
    const lowest = unsigned ? 0n : -(2n ** BigInt(bits - 1));
    const highest = unsigned ? 2n ** BigInt(bits) - 1n : 2n ** BigInt(bits - 1) - 1n;
    // SQLite's own integers have 64 bits with a sign: what is larger it turns into a fraction.
    const range = bits < 64 ? `c BETWEEN ${lowest} AND ${highest}` : unsigned ? 'c >= 0' : 'TRUE';
    return {
      ...columnType(wire, { unsigned }),
      affinity: 'INT',
      checks: [
        [ER_WRONG_VALUE, "typeof(c) IN ('integer', 'null')"],
        [ER_OUT_OF_RANGE, range],
      ],
    };
  };

const fraction =
  (wire: number): Make =>
  ({ unsigned }) => ({
    ...columnType(wire, { unsigned, decimals: 31 }),
    affinity: 'REAL',
    checks: [[ER_WRONG_VALUE, "typeof(c) IN ('real', 'null')"]],
  });

const decimal: Make = ({ numbers: [digits = 10, decimals = 0], unsigned }) => ({
  ...columnType(WIRE_TYPES.NEWDECIMAL, { unsigned, decimals }),
  affinity: 'NUMERIC',
  checks: [
    [ER_WRONG_VALUE, "typeof(c) IN ('integer', 'real', 'null')"],
    [ER_OUT_OF_RANGE, `abs(c) < 1e${digits - decimals}${unsigned ? ' AND c >= 0' : ''}`],
  ],
});

const text =
  (wire: number, longest?: number): Make =>
  ({ numbers: [length = longest], exact }) => ({
    ...columnType(wire),
    affinity: exact ? 'TEXT COLLATE BINARY' : 'TEXT COLLATE NOCASE',
    checks: length === undefined ? [] : [[ER_TOO_LONG, `length(c) <= ${length}`]],
  });

const bytes =
  (longest?: number): Make =>
  ({ numbers: [length = longest] }) => ({
    ...columnType(WIRE_TYPES.BLOB, { binary: true }),
    affinity: 'BLOB',
    checks: length === undefined ? [] : [[ER_TOO_LONG, `octet_length(c) <= ${length}`]],
  });

const oneOf: Make = ({ strings }) => ({
  ...columnType(WIRE_TYPES.STRING),
  affinity: 'TEXT COLLATE NOCASE',
  checks: [[ER_TRUNCATED, `c IN (${strings.map(quotedString).join(', ')})`]],
});

const moment =
  (wire: number): Make =>
  ({ numbers: [decimals = 0] }) => ({ ...columnType(wire, { decimals }), affinity: 'TEXT', checks: [] });

/** By name, without the spaces of `DOUBLE PRECISION`. */
const TYPES: Readonly<Record<string, Make>> = {
  BIGINT: integer(WIRE_TYPES.LONGLONG, 64),
  BINARY: bytes(1),
  BLOB: bytes(),
  BOOL: integer(WIRE_TYPES.TINY, 8),
  BOOLEAN: integer(WIRE_TYPES.TINY, 8),
  CHAR: text(WIRE_TYPES.STRING, 1),
  DATE: moment(WIRE_TYPES.DATE),
  DATETIME: moment(WIRE_TYPES.DATETIME),
  DEC: decimal,
  DECIMAL: decimal,
  DOUBLE: fraction(WIRE_TYPES.DOUBLE),
  ENUM: oneOf,
  FLOAT: fraction(WIRE_TYPES.FLOAT),
  INT: integer(WIRE_TYPES.LONG, 32),
  INTEGER: integer(WIRE_TYPES.LONG, 32),
  JSON: (args) => ({
    ...text(WIRE_TYPES.JSON)({ ...args, exact: true }),
    checks: [[ER_INVALID_JSON, 'json_valid(c)']],
  }),
  LONGBLOB: bytes(),
  LONGTEXT: text(WIRE_TYPES.BLOB),
  MEDIUMBLOB: bytes(),
  MEDIUMINT: integer(WIRE_TYPES.INT24, 24),
  MEDIUMTEXT: text(WIRE_TYPES.BLOB),
  NUMERIC: decimal,
  REAL: fraction(WIRE_TYPES.DOUBLE),
  SMALLINT: integer(WIRE_TYPES.SHORT, 16),
  TEXT: text(WIRE_TYPES.BLOB),
  TIME: moment(WIRE_TYPES.TIME),
  TIMESTAMP: moment(WIRE_TYPES.TIMESTAMP),
  TINYBLOB: bytes(255),
  TINYINT: integer(WIRE_TYPES.TINY, 8),
  TINYTEXT: text(WIRE_TYPES.BLOB, 255),
  VARBINARY: bytes(),
  VARCHAR: text(WIRE_TYPES.VAR_STRING),
  YEAR: integer(WIRE_TYPES.YEAR, 16),
};

/** The type of this name; undefined when the server has none such. */
export function storedType(name: string, args: TypeArguments): StoredType | undefined {
  return TYPES[name.toUpperCase()]?.(args);
}
