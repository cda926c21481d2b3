import { DONE, type Result } from '../result.js';
import { splitAt, type Token } from '../sql/token.js';
import { TokenReader } from '../sql/token-reader.js';
import type { StatementContext } from './context.js';

/** START TRANSACTION [WITH CONSISTENT SNAPSHOT] [, READ ONLY], and BEGIN. */
export function start(tokens: readonly Token[], { session }: StatementContext): Result {
  const reader = new TokenReader(tokens);
  if (!reader.take('BEGIN')) reader.expect('START', 'TRANSACTION');
  reader.take('WORK');
  let readOnly: boolean | undefined;
  for (const characteristic of splitAt(reader.rest(), ',')) {
    const words = new TokenReader(characteristic);
    if (words.take('READ', 'ONLY')) readOnly = true;
    else if (words.take('READ', 'WRITE')) readOnly = false;
    else if (!words.done) words.expect('WITH', 'CONSISTENT', 'SNAPSHOT');
  }
  session.transaction.start(readOnly);
  return DONE;
}

/** COMMIT [WORK] [AND [NO] CHAIN]. */
export function commit(tokens: readonly Token[], { session }: StatementContext): Result {
  const reader = new TokenReader(tokens);
  reader.expect('COMMIT');
  session.transaction.commit();
  return finished(reader, session);
}

/** ROLLBACK [WORK] [AND [NO] CHAIN], and ROLLBACK TO [SAVEPOINT] name. */
export function rollback(tokens: readonly Token[], { session }: StatementContext): Result {
  const reader = new TokenReader(tokens);
  reader.expect('ROLLBACK');
  reader.take('WORK');
  if (reader.take('TO')) {
    reader.take('SAVEPOINT');
    session.transaction.savepoint('ROLLBACK TO', reader.identifier());
    return DONE;
  }
  session.transaction.rollback();
  return finished(reader, session);
}

/** SAVEPOINT name. */
export function savepoint(tokens: readonly Token[], { session }: StatementContext): Result {
  const reader = new TokenReader(tokens.slice(1));
  session.transaction.savepoint('SAVEPOINT', reader.identifier());
  return DONE;
}

/** RELEASE SAVEPOINT name. */
export function release(tokens: readonly Token[], { session }: StatementContext): Result {
  const reader = new TokenReader(tokens);
  reader.expect('RELEASE', 'SAVEPOINT');
  session.transaction.savepoint('RELEASE', reader.identifier());
  return DONE;
}

function finished(reader: TokenReader, session: StatementContext['session']): Result {
  reader.take('WORK');
  if (reader.take('AND', 'CHAIN')) session.transaction.start();
  return DONE;
}
