import { errors } from '../mysql-error.js';
import {
  type ColumnDefinition,
  readColumnDefinition,
  readColumnNames,
  typeChecks,
} from './column-definition.js';
import { toSqliteDialect } from './dialect.js';
import { quotedName, render } from './render.js';
import { storedName } from './tables.js';
import { splitAt, type Token } from './token.js';
import { TokenReader } from './token-reader.js';

/** A key of a table, by its name in MySQL. */
export interface KeyDefinition {
  readonly name: string;
  readonly columns: readonly string[];
  readonly kind: 'primary' | 'unique' | 'plain';
}

/** What is known of a table beside what SQLite knows. */
export interface TableDefinition {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly ColumnDefinition[];
  readonly keys: readonly KeyDefinition[];
}

/** A table to be created: its definition, and the statements of SQLite that create it. */
export interface NewTable extends TableDefinition {
  readonly ifNotExists: boolean;
  readonly statements: readonly string[];
}

interface Parts {
  readonly columns: ColumnDefinition[];
  readonly keys: KeyDefinition[];
  /** Foreign keys and checks. */
  readonly constraints: string[];
}

/** Reads CREATE TABLE. Options after the closing parenthesis (ENGINE, CHARSET …) mean nothing here. */
export function readCreateTable(tokens: readonly Token[], current: string | undefined): NewTable {
  const reader = new TokenReader(tokens);
  reader.expect('CREATE');
  if (reader.take('TEMPORARY')) throw errors.notSupported('temporary tables');
  reader.expect('TABLE');
  const ifNotExists = reader.take('IF', 'NOT', 'EXISTS');
  const { database, table } = reader.tableName(current);
  const body = reader.parentheses();
  if (!body || reader.rest().some(({ text }) => /^(LIKE|SELECT)$/i.test(text))) {
    throw errors.notSupported('CREATE TABLE … LIKE or SELECT');
  }
  const parts: Parts = { columns: [], keys: [], constraints: [] };
  for (const item of splitAt(body, ',')) readItem(item, database, table, parts);
  const definition = { database, table, columns: parts.columns, keys: parts.keys };
  return { ...definition, ifNotExists, statements: createStatements(definition, parts.constraints) };
}

/** The statement that creates a key which is not the primary one. */
export function createKey(database: string, table: string, key: KeyDefinition): string {
  const name = quotedName(keyName(database, table, key.name));
  const columns = key.columns.map(quotedName).join(', ');
  const unique = key.kind === 'unique' ? 'UNIQUE ' : '';
  return `CREATE ${unique}INDEX ${name} ON ${quotedName(storedName(database, table))} (${columns})`;
}

/** In SQLite a key's name belongs to all tables. */
export function keyName(database: string, table: string, key: string): string {
  return `${storedName(database, table)}.${key}`;
}

/** Reads `KEY name (a, b)` and its like; undefined when it is something else. */
export function readKey(reader: TokenReader): KeyDefinition | undefined {
  const primary = reader.take('PRIMARY', 'KEY');
  const unique = !primary && reader.take('UNIQUE');
  const plain = !primary && reader.takeOneOf('KEY', 'INDEX');
  if (!primary && !unique && !plain) return undefined;
  const given = isNamed(reader) ? reader.identifier() : undefined;
  if (reader.take('USING')) reader.next();
  const columns = readColumnNames(reader.parentheses() ?? []);
  const name = primary ? 'PRIMARY' : (given ?? columns[0] ?? '');
  return { name, columns, kind: primary ? 'primary' : unique ? 'unique' : 'plain' };
}

function isNamed(reader: TokenReader): boolean {
  const next = reader.peek();
  return next !== undefined && next.kind !== 'symbol' && !/^USING$/i.test(next.text);
}

function readItem(tokens: readonly Token[], database: string, table: string, parts: Parts): void {
  const reader = new TokenReader(tokens);
  const named = reader.take('CONSTRAINT');
  const constraint =
    named && !/^(PRIMARY|UNIQUE|FOREIGN|CHECK)$/i.test(reader.peek()?.text ?? '')
      ? reader.identifier()
      : undefined;
  if (reader.takeOneOf('FULLTEXT', 'SPATIAL')) throw errors.notSupported('FULLTEXT and SPATIAL keys');
  if (reader.take('FOREIGN', 'KEY')) {
    parts.constraints.push(foreignKey(reader, database));
    return;
  }
  if (reader.take('CHECK')) {
    const name = constraint ?? `${table}_chk_${parts.constraints.length + 1}`;
    const condition = render(toSqliteDialect(reader.parentheses() ?? []));
    parts.constraints.push(`CONSTRAINT ${quotedName(name)} CHECK (${condition})`);
    return;
  }
  const key = readKey(reader);
  if (key) {
    parts.keys.push(constraint !== undefined && key.kind === 'unique' ? { ...key, name: constraint } : key);
    return;
  }
  const column = readColumnDefinition(tokens);
  parts.columns.push(column);
  const { name } = column;
  if (column.primary) parts.keys.push({ name: 'PRIMARY', columns: [name], kind: 'primary' });
  if (column.unique) parts.keys.push({ name, columns: [name], kind: 'unique' });
}

function foreignKey(reader: TokenReader, database: string): string {
  while (reader.peek()?.text !== '(') reader.next();
  const columns = readColumnNames(reader.parentheses() ?? []);
  reader.expect('REFERENCES');
  const target = reader.tableName(database);
  const targetColumns = readColumnNames(reader.parentheses() ?? []);
  const actions = render(reader.rest());
  const name = quotedName(storedName(target.database, target.table));
  return `FOREIGN KEY (${columns.map(quotedName)}) REFERENCES ${name} (${targetColumns.map(quotedName)}) ${actions}`;
}

function createStatements(definition: TableDefinition, constraints: readonly string[]): string[] {
  const { database, table, columns, keys } = definition;
  const name = quotedName(storedName(database, table));
  const primary = keys.find(({ kind }) => kind === 'primary')?.columns ?? [];
  const automatic = columns.find(({ autoIncrement }) => autoIncrement);
  if (automatic && (primary.length !== 1 || primary[0] !== automatic.name)) {
    throw errors.notSupported('AUTO_INCREMENT on anything but the only column of the primary key');
  }
  const lines = [
    ...columns.map((column) => columnClause(column, primary)),
    ...(primary.length > 0 && !automatic ? [`PRIMARY KEY (${primary.map(quotedName)})`] : []),
    ...columns.filter((column) => column !== automatic).flatMap(typeChecks),
    ...constraints,
  ];
  return [
    `CREATE TABLE ${name} (${lines.join(', ')})`,
    ...keys.filter(({ kind }) => kind !== 'primary').map((key) => createKey(database, table, key)),
    ...columns.flatMap((column) => onUpdateTrigger(name, storedName(database, table), column)),
  ];
}

/** A column as SQLite declares it. Unlike MySQL's, its primary keys may be NULL unless they are told not to. */
export function columnClause(column: ColumnDefinition, primary: readonly string[]): string {
  const name = quotedName(column.name);
  if (column.autoIncrement) return `${name} INTEGER PRIMARY KEY AUTOINCREMENT`;
  const notNull = column.notNull || primary.includes(column.name) ? ['NOT NULL'] : [];
  return [name, column.type.affinity, ...notNull, ...column.clauses].join(' ');
}

function onUpdateTrigger(quoted: string, stored: string, { name, onUpdate }: ColumnDefinition): string[] {
  if (onUpdate === undefined) return [];
  const column = quotedName(name);
  return [
    `CREATE TRIGGER ${quotedName(`${stored}.${name}`)} AFTER UPDATE ON ${quoted} ` +
      `WHEN NEW.${column} IS OLD.${column} ` +
      `BEGIN UPDATE ${quoted} SET ${column} = ${onUpdate} WHERE rowid = NEW.rowid; END`,
  ];
}
