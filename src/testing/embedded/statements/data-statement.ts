import { setTimeout as sleep } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from '../../longest-timer.js';
import type { ResultColumn } from '../column.js';
import { MysqlError } from '../mysql-error.js';
import type { OkResult, Result, RowsResult } from '../result.js';
import { toSqliteDialect } from '../sql/dialect.js';
import { render } from '../sql/render.js';
import { withRowLimits } from '../sql/row-limits.js';
import { type SelectItem, withNamedItems } from '../sql/select-items.js';
import { withSessionValues } from '../sql/session-values.js';
import { INFORMATION_SCHEMA, storedName, type TableReference, withStoredTables } from '../sql/tables.js';
import { afterClosing, isSymbol, isWord, splitAt, type Token } from '../sql/token.js';
import type { StatementContext } from './context.js';
import { fillInformation } from './information-schema.js';
import { resultColumns } from './result-columns.js';

/** A statement as SQLite will run it, and what has to be known of it. */
interface Translation {
  readonly sql: string;
  readonly tables: readonly TableReference[];
  /** The columns of a query; empty for a change. */
  readonly items: readonly SelectItem[];
  readonly sleepSeconds: number;
}

/** SELECT and its like. */
export async function query(tokens: readonly Token[], context: StatementContext): Promise<RowsResult> {
  const translation = translate(tokens, context);
  return within(translation, context, () => {
    const { names, rows } = context.server.engine.query(translation.sql);
    context.session.foundRows = rows.length;
    context.session.rowCount = -1;
    const { catalog } = context.server.engine;
    return { kind: 'rows', columns: resultColumns(catalog, translation, names, rows), rows };
  });
}

/** INSERT, REPLACE, UPDATE and DELETE. */
export async function change(tokens: readonly Token[], context: StatementContext): Promise<Result> {
  requireWritable(context);
  const translation = translate(tokens, context);
  return within(translation, context, () => {
    const result = applyChange(tokens, translation, context);
    context.session.rowCount = result.affectedRows;
    return result;
  });
}

/** The columns that a statement would give, which also tells whether it can be run. */
export function describe(tokens: readonly Token[], context: StatementContext): readonly ResultColumn[] {
  const translation = translate(tokens, context);
  const names = context.server.engine.describe(translation.sql);
  return translation.items.length === 0
    ? []
    : resultColumns(context.server.engine.catalog, translation, names, []);
}

/** Throws unless the session may write. */
export function requireWritable({ session }: StatementContext): void {
  if (session.transaction.readOnly || session.variables.get('transaction_read_only') === true) {
    throw new MysqlError(1792, '25006', 'Cannot execute statement in a READ ONLY transaction.');
  }
  for (const option of ['super_read_only', 'read_only']) {
    if (session.global.get(option) !== true) continue;
    const message = `The MySQL server is running with the --${option.replaceAll('_', '-')} option so it cannot execute this statement`;
    throw new MysqlError(1290, 'HY000', message);
  }
}

function translate(tokens: readonly Token[], { session, server, sql }: StatementContext): Translation {
  const valued = withSessionValues(tokens, session);
  const isQuery = !isWord(tokens[0], 'INSERT', 'REPLACE', 'UPDATE', 'DELETE');
  const named = isQuery ? withNamedItems(valued, sql) : { tokens: valued, items: [] };
  const { tokens: stored, tables } = withStoredTables(toSqliteDialect(named.tokens), session.database);
  for (const { database } of tables) server.engine.catalog.requireDatabase(database);
  return {
    sql: render(withRowLimits(stored)),
    tables,
    items: named.items,
    sleepSeconds: sleepSeconds(valued),
  };
}

/** Runs something synchronous with the lock that the statement needs, after it has slept. */
async function within<T>(translation: Translation, context: StatementContext, work: () => T): Promise<T> {
  const { session, server, signal } = context;
  const { transaction, variables } = session;
  const locks = translation.tables.some(({ database }) => database !== INFORMATION_SCHEMA);
  if (locks) {
    await transaction.enter({
      autocommit: session.autocommit,
      foreignKeyChecks: variables.get('foreign_key_checks') === true,
      lockWaitMs: variables.number('innodb_lock_wait_timeout') * 1000,
      signal,
    });
  }
  try {
    if (translation.sleepSeconds > 0) await sleepFor(translation.sleepSeconds, signal);
    // Killed in between, it has lost the lock.
    signal.throwIfAborted();
    fillInformation(translation.tables, context);
    server.engine.now = (digits) => session.now(digits);
    return work();
  } finally {
    transaction.leave();
  }
}

async function sleepFor(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(seconds * 1000, LONGEST_TIMER_MS), undefined, { signal, ref: false });
  } catch {
    throw signal.reason;
  }
}

/** How long the statement sleeps in all: SLEEP of a literal, however many rows there are. */
function sleepSeconds(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token, i) => {
    const calls = isWord(token, 'SLEEP') && isSymbol(tokens[i + 1], '(');
    return calls ? sum + Number(tokens[i + 2]?.text ?? 0) : sum;
  }, 0);
}

function applyChange(
  tokens: readonly Token[],
  { sql, tables }: Translation,
  context: StatementContext,
): OkResult {
  const { engine } = context.server;
  const target = tables[0];
  const replaces = isWord(tokens[0], 'REPLACE') || tokens.some((token) => isWord(token, 'DUPLICATE'));
  const stored = target && replaces ? storedName(target.database, target.table) : undefined;
  const before = stored === undefined ? 0 : engine.count(stored);
  const changed = engine.run(sql);
  const told = engine.takeToldInsertId();
  if (!isWord(tokens[0], 'INSERT', 'REPLACE')) {
    const info = isWord(tokens[0], 'UPDATE')
      ? `Rows matched: ${changed}  Changed: ${changed}  Warnings: 0`
      : '';
    return { kind: 'ok', affectedRows: changed, insertId: told ?? 0n, info };
  }
  const inserted = stored === undefined ? changed : engine.count(stored) - before;
  const insertId =
    told ?? generatedId(tokens, target, isWord(tokens[0], 'REPLACE') ? changed : inserted, context);
  if (insertId !== 0n) context.session.lastInsertId = insertId;
  // A row that was replaced or updated counts twice.
  const affectedRows = inserted + 2 * (changed - inserted);
  const info = changed > 1 ? `Records: ${changed}  Duplicates: ${changed - inserted}  Warnings: 0` : '';
  return { kind: 'ok', affectedRows, insertId, info };
}

/** The first of the values that an AUTO_INCREMENT column got. */
function generatedId(
  tokens: readonly Token[],
  target: TableReference | undefined,
  inserted: number,
  { server }: StatementContext,
): bigint {
  const definition = target && server.engine.catalog.table(target.database, target.table);
  const automatic = definition?.columns.find(({ autoIncrement }) => autoIncrement);
  if (!automatic || inserted === 0) return 0n;
  const last = server.engine.lastRowId();
  return names(tokens).includes(automatic.name.toLowerCase()) ? last : last - BigInt(inserted - 1);
}

/** The columns that an INSERT names. */
function names(tokens: readonly Token[]): readonly string[] {
  const open = tokens.findIndex(
    (token) => isSymbol(token, '(') || isWord(token, 'VALUES', 'VALUE', 'SELECT', 'SET'),
  );
  if (!isSymbol(tokens[open], '(')) return [];
  const inner = tokens.slice(open + 1, afterClosing(tokens, open) - 1);
  return splitAt(inner, ',').map(([name]) => name?.text.toLowerCase() ?? '');
}
