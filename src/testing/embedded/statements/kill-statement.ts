import { errors } from '../mysql-error.js';
import { DONE, type Result } from '../result.js';
import { withSessionValues } from '../sql/session-values.js';
import type { Token } from '../sql/token.js';
import { TokenReader } from '../sql/token-reader.js';
import type { StatementContext } from './context.js';

/** KILL [CONNECTION | QUERY] id. */
export function kill(tokens: readonly Token[], { session, server }: StatementContext): Result {
  const reader = new TokenReader(withSessionValues(tokens, session));
  reader.expect('KILL');
  const what = reader.take('QUERY') ? 'query' : 'connection';
  reader.take('CONNECTION');
  const id = Number(reader.next().text);
  if (!Number.isInteger(id)) throw errors.syntax(String(tokens.at(-1)?.text));
  server.kill(id, what);
  return DONE;
}
