import { errors, MysqlError } from '../mysql-error.js';
import { DONE, type OkResult, type Result } from '../result.js';
import { readColumnDefinition } from '../sql/column-definition.js';
import {
  columnClause,
  createKey,
  type KeyDefinition,
  keyName,
  readCreateTable,
  readKey,
  type TableDefinition,
} from '../sql/create-table.js';
import { quotedName } from '../sql/render.js';
import { storedName } from '../sql/tables.js';
import { splitAt, startsWith, type Token } from '../sql/token.js';
import { TokenReader } from '../sql/token-reader.js';
import type { StatementContext } from './context.js';
import { requireWritable } from './data-statement.js';

/** A change of a definition, made with the lock held. Returns what is to be said of it. */
type Definition = (tokens: readonly Token[], context: StatementContext) => Partial<OkResult>;

const NOTHING: Partial<OkResult> = {};
/** What is said when the rows of a table may have had to be written anew. */
const COPIED: Partial<OkResult> = { info: 'Records: 0  Duplicates: 0  Warnings: 0' };

/** USE database. */
export function use(tokens: readonly Token[], { session, server }: StatementContext): Result {
  const name = new TokenReader(tokens.slice(1)).identifier();
  server.engine.catalog.requireDatabase(name);
  session.useDatabase(name);
  return DONE;
}

/** CREATE, DROP, ALTER and TRUNCATE: they commit what is open, before and by themselves. */
export async function define(tokens: readonly Token[], context: StatementContext): Promise<Result> {
  const definition = findDefinition(tokens);
  const { session, signal } = context;
  session.transaction.commit();
  requireWritable(context);
  const lockWaitMs = session.variables.number('lock_wait_timeout') * 1000;
  const foreignKeyChecks = session.variables.get('foreign_key_checks') === true;
  await session.transaction.enter({ autocommit: true, foreignKeyChecks, lockWaitMs, signal });
  try {
    signal.throwIfAborted();
    return { ...DONE, ...definition(tokens, context) };
  } finally {
    session.transaction.leave();
  }
}

function findDefinition(tokens: readonly Token[]): Definition {
  const found = DEFINITIONS.find(([words]) => startsWith(tokens, ...words));
  if (!found)
    throw errors.notSupported(
      tokens
        .slice(0, 2)
        .map(({ text }) => text.toUpperCase())
        .join(' '),
    );
  return found[1];
}

const createDatabase: Definition = (tokens, { server }) => {
  const reader = new TokenReader(tokens.slice(2));
  const ifNotExists = reader.take('IF', 'NOT', 'EXISTS');
  server.engine.catalog.addDatabase(reader.identifier(), ifNotExists);
  return { affectedRows: 1 };
};

const dropDatabase: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(2));
  const ifExists = reader.take('IF', 'EXISTS');
  const name = reader.identifier();
  const { engine } = server;
  if (!engine.catalog.hasDatabase(name)) {
    if (ifExists) return NOTHING;
    throw new MysqlError(1008, 'HY000', `Can't drop database '${name}'; database doesn't exist`);
  }
  const tables = engine.catalog.tablesOf(name);
  for (const { table } of tables) dropOne(name, table, server);
  engine.catalog.removeDatabase(name);
  if (session.database === name) session.database = undefined;
  return { affectedRows: tables.length };
};

const createTable: Definition = (tokens, { server, session }) => {
  const { catalog } = server.engine;
  const { ifNotExists, statements, ...definition } = readCreateTable(tokens, session.database);
  catalog.requireDatabase(definition.database);
  if (ifNotExists && catalog.table(definition.database, definition.table)) return NOTHING;
  for (const statement of statements) server.engine.run(statement);
  catalog.setTable(definition);
  return NOTHING;
};

const dropTable: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(2));
  const ifExists = reader.take('IF', 'EXISTS');
  do {
    const { database, table } = reader.tableName(session.database);
    if (!ifExists && !server.engine.catalog.table(database, table)) {
      throw new MysqlError(1051, '42S02', `Unknown table '${database}.${table}'`);
    }
    dropOne(database, table, server);
  } while (reader.takeSymbol(','));
  return NOTHING;
};

function dropOne(database: string, table: string, { engine }: StatementContext['server']): void {
  engine.run(`DROP TABLE IF EXISTS ${quotedName(storedName(database, table))}`);
  engine.catalog.removeTable(database, table);
}

const truncate: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(1));
  reader.take('TABLE');
  const { database, table } = reader.tableName(session.database);
  const { columns } = server.engine.catalog.requireTable(database, table);
  const name = storedName(database, table);
  server.engine.run(`DELETE FROM ${quotedName(name)}`);
  if (!columns.some(({ autoIncrement }) => autoIncrement)) return NOTHING;
  server.engine.run(`DELETE FROM sqlite_sequence WHERE name = '${name.replaceAll("'", "''")}'`);
  return NOTHING;
};

const createIndex: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(1));
  const unique = reader.take('UNIQUE');
  reader.expect('INDEX');
  const name = reader.identifier();
  reader.expect('ON');
  const { database, table } = reader.tableName(session.database);
  const definition = server.engine.catalog.requireTable(database, table);
  const columns = (reader.parentheses() ?? [])
    .filter(({ kind }) => kind !== 'symbol')
    .map(({ text }) => text);
  addKey(definition, { name, columns, kind: unique ? 'unique' : 'plain' }, server);
  return COPIED;
};

const dropIndex: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(2));
  const name = reader.identifier();
  reader.expect('ON');
  const { database, table } = reader.tableName(session.database);
  removeKey(server.engine.catalog.requireTable(database, table), name, server);
  return COPIED;
};

const alterTable: Definition = (tokens, { server, session }) => {
  const reader = new TokenReader(tokens.slice(2));
  const { database, table } = reader.tableName(session.database);
  for (const action of splitAt(reader.rest(), ',')) {
    alter(server.engine.catalog.requireTable(database, table), new TokenReader(action), server);
  }
  return COPIED;
};

function alter(definition: TableDefinition, reader: TokenReader, server: StatementContext['server']): void {
  const { engine } = server;
  const name = quotedName(storedName(definition.database, definition.table));
  if (reader.take('ADD')) {
    const key = readKey(reader);
    if (key) {
      addKey(definition, key, server);
      return;
    }
    reader.take('COLUMN');
    const column = readColumnDefinition(reader.rest());
    engine.run(`ALTER TABLE ${name} ADD COLUMN ${columnClause(column, [])}`);
    engine.catalog.setTable({ ...definition, columns: [...definition.columns, column] });
  } else if (reader.take('DROP', 'INDEX') || reader.take('DROP', 'KEY')) {
    removeKey(definition, reader.identifier(), server);
  } else if (reader.take('DROP')) {
    reader.take('COLUMN');
    const gone = reader.identifier();
    engine.run(`ALTER TABLE ${name} DROP COLUMN ${quotedName(gone)}`);
    engine.catalog.setTable({
      ...definition,
      columns: definition.columns.filter((column) => column.name !== gone),
    });
  } else {
    throw errors.notSupported('ALTER TABLE beyond ADD and DROP of columns and indexes');
  }
}

function addKey(
  definition: TableDefinition,
  key: KeyDefinition,
  { engine }: StatementContext['server'],
): void {
  engine.run(createKey(definition.database, definition.table, key));
  engine.catalog.setTable({ ...definition, keys: [...definition.keys, key] });
}

function removeKey(definition: TableDefinition, name: string, { engine }: StatementContext['server']): void {
  engine.run(`DROP INDEX ${quotedName(keyName(definition.database, definition.table, name))}`);
  engine.catalog.setTable({ ...definition, keys: definition.keys.filter((key) => key.name !== name) });
}

const DEFINITIONS: readonly (readonly [readonly string[], Definition])[] = [
  [['CREATE', 'DATABASE'], createDatabase],
  [['CREATE', 'SCHEMA'], createDatabase],
  [['CREATE', 'TABLE'], createTable],
  [['CREATE', 'TEMPORARY'], createTable],
  [['CREATE', 'INDEX'], createIndex],
  [['CREATE', 'UNIQUE'], createIndex],
  [['DROP', 'DATABASE'], dropDatabase],
  [['DROP', 'SCHEMA'], dropDatabase],
  [['DROP', 'TABLE'], dropTable],
  [['DROP', 'INDEX'], dropIndex],
  [['ALTER', 'TABLE'], alterTable],
  [['TRUNCATE'], truncate],
];
