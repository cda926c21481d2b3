import { errors } from '../mysql-error.js';
import { DONE, type Result } from '../result.js';
import { made, type Token } from '../sql/token.js';
import type { StatementContext, StatementHandler } from './context.js';
import { change, query } from './data-statement.js';
import { define, use } from './definition-statements.js';
import { kill } from './kill-statement.js';
import { set } from './set-statement.js';
import { show } from './show-statement.js';
import { commit, release, rollback, savepoint, start } from './transaction-statements.js';

/** Statements by their first word. */
const HANDLERS: Readonly<Record<string, StatementHandler>> = {
  '(': query,
  ALTER: define,
  BEGIN: start,
  COMMIT: commit,
  CREATE: define,
  DELETE: change,
  DO: evaluate,
  DROP: define,
  FLUSH: nothing,
  INSERT: change,
  KILL: kill,
  RELEASE: release,
  REPLACE: change,
  ROLLBACK: rollback,
  SAVEPOINT: savepoint,
  SELECT: query,
  SET: set,
  SHOW: show,
  START: start,
  TRUNCATE: define,
  UNLOCK: nothing,
  UPDATE: change,
  USE: use,
  WITH: query,
};

/** Whether a statement's columns can be told without running it. */
export function isDescribable(tokens: readonly Token[]): boolean {
  const handler = HANDLERS[tokens[0]?.text.toUpperCase() ?? ''];
  return handler === query || handler === change;
}

/** Carries out a statement. */
export async function execute(tokens: readonly Token[], context: StatementContext): Promise<Result> {
  const first = tokens[0]?.text.toUpperCase() ?? '';
  const handler = HANDLERS[first];
  if (!handler) {
    throw /^[A-Z]+$/.test(first) && KNOWN.has(first) ? errors.notSupported(first) : errors.syntax(first);
  }
  context.session.statementTime = new Date();
  return handler(tokens, context);
}

/** Statements of MySQL that the server knows to be statements, and does not support. */
const KNOWN: ReadonlySet<string> = new Set([
  'ANALYZE',
  'CALL',
  'CHECK',
  'DEALLOCATE',
  'DESC',
  'DESCRIBE',
  'EXECUTE',
  'EXPLAIN',
  'GRANT',
  'HANDLER',
  'LOAD',
  'LOCK',
  'OPTIMIZE',
  'PREPARE',
  'RENAME',
  'REVOKE',
  'TABLE',
  'VALUES',
  'XA',
]);

/** DO: a SELECT whose rows nobody wants. */
async function evaluate(tokens: readonly Token[], context: StatementContext): Promise<Result> {
  await query([made('word', 'SELECT'), ...tokens.slice(1)], context);
  return DONE;
}

function nothing(): Result {
  return DONE;
}
