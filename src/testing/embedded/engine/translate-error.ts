import { errors, MysqlError } from '../mysql-error.js';
import type { KeyDefinition } from '../sql/create-table.js';

/** What an error's message is made of that SQLite does not tell. */
export interface ErrorContext {
  /** The verb of the statement. */
  readonly verb: string;
  /** The key of these columns, of a table by its stored name. */
  readonly findKey: (storedTable: string, columns: readonly string[]) => KeyDefinition | undefined;
}

type Translate = (match: RegExpExecArray, context: ErrorContext) => MysqlError;

/** Whole messages of SQLite: sql.js passes on nothing else. */
const MESSAGES: readonly (readonly [RegExp, Translate])[] = [
  [/^UNIQUE constraint failed: (.+)$/, ([, columns = ''], context) => duplicate(columns, context)],
  [
    /^NOT NULL constraint failed: (.+)$/,
    ([, column = '']) => new MysqlError(1048, '23000', `Column '${lastName(column)}' cannot be null`),
  ],
  [/^CHECK constraint failed: (\d{4}):(.+)$/, ([, errno, column = '']) => wrongValue(Number(errno), column)],
  [
    /^CHECK constraint failed: (.+)$/s,
    ([, name = '']) => new MysqlError(3819, 'HY000', `Check constraint '${name}' is violated.`),
  ],
  [/^FOREIGN KEY constraint failed$/, (_, { verb }) => foreignKey(verb)],
  [/^foreign key mismatch/, () => new MysqlError(1822, 'HY000', 'Failed to add the foreign key constraint')],
  [
    /^no such table: (?:main\.)?([^.]+)\.(.+)$/,
    ([, database = '', table = '']) => errors.unknownTable(database, table),
  ],
  [/^no such column: (.+)$/, ([, name = '']) => errors.unknownColumn(name)],
  [/^table .+ has no column named (.+)$/, ([, name = '']) => errors.unknownColumn(name)],
  [
    /^ambiguous column name: (.+)$/,
    ([, name = '']) => new MysqlError(1052, '23000', `Column '${name}' in field list is ambiguous`),
  ],
  [
    /^no such function: (.+)$/,
    ([, name = '']) => new MysqlError(1305, '42000', `FUNCTION ${name} does not exist`),
  ],
  [
    /^no such savepoint: (.+)$/,
    ([, name = '']) => new MysqlError(1305, '42000', `SAVEPOINT ${name} does not exist`),
  ],
  [
    /^wrong number of arguments to function (.+)\(\)$/,
    ([, name = '']) =>
      new MysqlError(1582, '42000', `Incorrect parameter count in the call to native function '${name}'`),
  ],
  [
    /^table "?(.+?)"? already exists$/,
    ([, name = '']) => new MysqlError(1050, '42S01', `Table '${lastName(name)}' already exists`),
  ],
  [
    /^index (.+) already exists$/,
    ([, name = '']) => new MysqlError(1061, '42000', `Duplicate key name '${lastName(name)}'`),
  ],
  [
    /^duplicate column name: (.+)$/,
    ([, name = '']) => new MysqlError(1060, '42S21', `Duplicate column name '${name}'`),
  ],
  [
    /^(table .+ has \d+ columns but|\d+ values for \d+ columns|all VALUES must have the same number)/,
    () => new MysqlError(1136, '21S01', "Column count doesn't match value count at row 1"),
  ],
  [/^datatype mismatch$/, () => new MysqlError(1366, 'HY000', 'Incorrect integer value')],
  [/^integer overflow$/, () => new MysqlError(1690, '22003', 'BIGINT value is out of range')],
  [/^near "(.*)": syntax error$/s, ([, near = '']) => errors.syntax(near)],
  [
    /^(incomplete input|unrecognized token: .+|row value misused|sub-select returns .+)$/s,
    ([, what = '']) => errors.syntax(what),
  ],
];

/** The error that MySQL would have reported. */
export function translateError(error: unknown, context: ErrorContext): MysqlError {
  if (error instanceof MysqlError) return error;
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, translate] of MESSAGES) {
    const match = pattern.exec(message);
    if (match) return translate(match, context);
  }
  return new MysqlError(1105, 'HY000', message);
}

function duplicate(columns: string, { findKey }: ErrorContext): MysqlError {
  const paths = columns.split(', ');
  const stored = (paths[0] ?? '').split('.').slice(0, -1).join('.');
  const key = findKey(stored, paths.map(lastName));
  // SQLite doesn't say which value it was.
  return new MysqlError(
    1062,
    '23000',
    `Duplicate entry '?' for key '${lastName(stored)}.${key?.name ?? 'PRIMARY'}'`,
  );
}

function foreignKey(verb: string): MysqlError {
  return verb === 'DELETE'
    ? new MysqlError(1451, '23000', 'Cannot delete or update a parent row: a foreign key constraint fails')
    : new MysqlError(1452, '23000', 'Cannot add or update a child row: a foreign key constraint fails');
}

function wrongValue(errno: number, column: string): MysqlError {
  switch (errno) {
    case 1406:
      return new MysqlError(errno, '22001', `Data too long for column '${column}' at row 1`);
    case 1264:
      return new MysqlError(errno, '22003', `Out of range value for column '${column}' at row 1`);
    case 1265:
      return new MysqlError(errno, '01000', `Data truncated for column '${column}' at row 1`);
    case 3140:
      return new MysqlError(errno, '22032', `Invalid JSON text in value for column '${column}'.`);
    default:
      return new MysqlError(errno, 'HY000', `Incorrect value for column '${column}' at row 1`);
  }
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).replaceAll('"', '');
}
