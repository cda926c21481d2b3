import type { Value } from '../column.js';
import { errors } from '../mysql-error.js';
import { DONE, type Result } from '../result.js';
import { toSqliteDialect } from '../sql/dialect.js';
import { render } from '../sql/render.js';
import { userVariableName, withSessionValues } from '../sql/session-values.js';
import { isWord, splitAt, type Token } from '../sql/token.js';
import { TokenReader } from '../sql/token-reader.js';
import type { StatementContext } from './context.js';

type Scope = 'global' | 'session';

const CHARSET_VARIABLES = ['character_set_client', 'character_set_connection', 'character_set_results'];

/** SET of variables, of the character set, and of the next transaction's characteristics. */
export function set(tokens: readonly Token[], context: StatementContext): Result {
  let scope: Scope = 'session';
  for (const assignment of splitAt(tokens.slice(1), ',')) {
    // A scope holds for the assignments after it as well.
    scope = assign(new TokenReader(assignment), scope, context);
  }
  return DONE;
}

function assign(reader: TokenReader, inherited: Scope, context: StatementContext): Scope {
  const { session } = context;
  if (reader.take('NAMES') || reader.take('CHARSET') || reader.take('CHARACTER', 'SET')) {
    const charset = reader.next().text;
    const value = charset.toUpperCase() === 'DEFAULT' ? undefined : charset.toLowerCase();
    for (const name of CHARSET_VARIABLES) session.setVariable(name, value);
    return inherited;
  }
  const explicit = readScope(reader);
  if (reader.take('TRANSACTION')) {
    setTransaction(reader, explicit, context);
    return inherited;
  }
  const target = reader.next();
  const separated = reader.takeSymbol('=') || reader.takeSymbol(':=');
  if (!separated) throw errors.syntax(reader.peek()?.text ?? '');
  const value = readValue(reader.rest(), context);
  if (target.kind === 'variable' && !target.text.startsWith('@@')) {
    session.setUserVariable(userVariableName(target.text), value ?? null);
    return inherited;
  }
  const [, prefix, name = ''] = /^(?:@@)?(?:(\w+)\s*\.\s*)?`?(\w+)`?$/.exec(target.text) ?? [];
  const scope = scopeOf(prefix) ?? explicit ?? inherited;
  setSystemVariable(name.toLowerCase(), value, scope, context);
  return explicit ?? inherited;
}

function readScope(reader: TokenReader): Scope | undefined {
  if (!reader.takeOneOf('GLOBAL', 'SESSION', 'LOCAL', 'PERSIST')) return undefined;
  return scopeOf(reader.peek(-1)?.text);
}

function scopeOf(word: string | undefined): Scope | undefined {
  if (word === undefined) return undefined;
  return /^(global|persist)$/i.test(word) ? 'global' : 'session';
}

/** The value of an expression; a bare word stands for itself, DEFAULT for undefined. */
function readValue(tokens: readonly Token[], { session, server }: StatementContext): Value | undefined {
  const [first, second] = tokens;
  if (!first) throw errors.syntax('');
  if (!second && isWord(first, 'DEFAULT')) return undefined;
  if (!second && first.kind === 'word' && !isWord(first, 'NULL', 'CURRENT_TIMESTAMP')) return first.text;
  const expression = render(toSqliteDialect(withSessionValues(tokens, session)));
  return server.engine.query(`SELECT ${expression}`).rows[0]?.[0] ?? null;
}

function setSystemVariable(
  name: string,
  value: Value | undefined,
  scope: Scope,
  { session }: StatementContext,
): void {
  if (scope === 'global') {
    session.global.set(name, value);
    return;
  }
  if (name === 'last_insert_id' || name === 'identity') {
    session.lastInsertId = BigInt(Number(value ?? 0));
    return;
  }
  const wasOn = session.autocommit;
  session.setVariable(name, value);
  // Turned on, it commits what was left open.
  if (name === 'autocommit' && !wasOn && session.autocommit) session.transaction.commit();
}

/** SET [SESSION | GLOBAL] TRANSACTION ISOLATION LEVEL …, READ ONLY. */
function setTransaction(reader: TokenReader, scope: Scope | undefined, context: StatementContext): void {
  if (reader.take('ISOLATION', 'LEVEL')) {
    const level = reader
      .rest()
      .map(({ text }) => text.toUpperCase())
      .join('-');
    if (!LEVELS.includes(level)) throw errors.syntax(level);
    setSystemVariable('transaction_isolation', level, scope ?? 'session', context);
    return;
  }
  const readOnly = reader.take('READ', 'ONLY');
  if (!readOnly) reader.expect('READ', 'WRITE');
  if (scope === undefined) context.session.transaction.declareNextReadOnly(readOnly);
  else setSystemVariable('transaction_read_only', readOnly ? 1n : 0n, scope, context);
}

const LEVELS = ['READ-UNCOMMITTED', 'READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE'];
