import { columnType, type ResultColumn, type Value, WIRE_TYPES } from '../column.js';
import { isLike } from '../engine/functions.js';
import { errors } from '../mysql-error.js';
import type { Result, RowsResult } from '../result.js';
import { settingText } from '../session/variables.js';
import type { Token } from '../sql/token.js';
import { TokenReader } from '../sql/token-reader.js';
import { tokenize } from '../sql/tokenize.js';
import type { StatementContext } from './context.js';
import { query } from './data-statement.js';

const PROCESSES =
  'SELECT ID AS Id, USER AS User, HOST AS Host, DB AS db, COMMAND AS Command, TIME AS Time, STATE AS State, ' +
  'INFO AS Info FROM information_schema.PROCESSLIST ORDER BY ID';

/** SHOW of what is listed here. */
export function show(tokens: readonly Token[], context: StatementContext): Result | Promise<Result> {
  const reader = new TokenReader(tokens.slice(1));
  const full = reader.takeOneOf('FULL');
  const global =
    reader.takeOneOf('GLOBAL', 'SESSION', 'LOCAL') && /global/i.test(reader.peek(-1)?.text ?? '');
  if (reader.take('PROCESSLIST')) return select(PROCESSES, context);
  if (reader.takeOneOf('DATABASES', 'SCHEMAS')) return databases(context);
  if (reader.take('TABLES')) return tables(reader, full, context);
  if (reader.take('VARIABLES')) return pairs(variables(context, global), readPattern(reader));
  if (reader.take('STATUS')) return pairs(Object.entries(context.server.status()), readPattern(reader));
  if (reader.takeOneOf('WARNINGS', 'ERRORS')) return rows(['Level', 'Code', 'Message'], []);
  throw errors.notSupported(`SHOW ${reader.rest()[0]?.text.toUpperCase() ?? ''}`);
}

function databases(context: StatementContext): RowsResult {
  const names = ['information_schema', ...context.server.engine.catalog.databases];
  return rows(
    ['Database'],
    names.map((name) => [name]),
  );
}

function tables(reader: TokenReader, full: boolean, { session, server }: StatementContext): RowsResult {
  const database = reader.takeOneOf('FROM', 'IN') ? reader.identifier() : session.database;
  if (database === undefined) throw errors.noDatabase();
  server.engine.catalog.requireDatabase(database);
  const pattern = readPattern(reader);
  const found = server.engine.catalog
    .tablesOf(database)
    .map(({ table }) => table)
    .filter((table) => isLike(table, pattern))
    .sort();
  const header = `Tables_in_${database}`;
  return full
    ? rows(
        [header, 'Table_type'],
        found.map((table) => [table, 'BASE TABLE']),
      )
    : rows(
        [header],
        found.map((table) => [table]),
      );
}

function variables({ session }: StatementContext, global: boolean): [string, string][] {
  return session.global
    .entries()
    .map(([name, value]): [string, string] => [
      name,
      settingText(global ? value : session.variables.get(name)),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function pairs(entries: readonly (readonly [string, string | number])[], pattern: string): RowsResult {
  const matching = entries.filter(([name]) => isLike(name, pattern));
  return rows(
    ['Variable_name', 'Value'],
    matching.map(([name, value]) => [name, String(value)]),
  );
}

/** LIKE 'pattern', or WHERE Variable_name = 'name'; everything without them. */
function readPattern(reader: TokenReader): string {
  if (reader.done) return '%';
  if (reader.take('WHERE')) {
    reader.identifier();
    if (!reader.takeSymbol('=')) reader.expect('LIKE');
  } else {
    reader.expect('LIKE');
  }
  const pattern = reader.next().text;
  if (!reader.done) throw errors.notSupported('SHOW with a condition such as this');
  return pattern;
}

function select(sql: string, context: StatementContext): Promise<Result> {
  return query(tokenize(sql), { ...context, sql });
}

function rows(names: readonly string[], values: readonly (readonly Value[])[]): RowsResult {
  const type = columnType(WIRE_TYPES.VAR_STRING);
  const columns = names.map((name): ResultColumn => ({ ...type, name, database: '', table: '', alias: '' }));
  return { kind: 'rows', columns, rows: values };
}
