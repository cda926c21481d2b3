import { findWord, isWord, madeOf, type Token } from './token.js';

/**
 * SQLite's UPDATE and DELETE know no LIMIT: the rows are chosen by a subquery. To be used after the tables
 * have their stored names and aliases: `DELETE FROM name AS alias …`, `UPDATE name AS alias SET …`.
 */
export function withRowLimits(tokens: readonly Token[]): Token[] {
  const limited = isWord(tokens[0], 'UPDATE', 'DELETE') && findWord(tokens, ['LIMIT', 'ORDER']) >= 0;
  if (!limited) return [...tokens];
  const target = isWord(tokens[0], 'DELETE') ? tokens.slice(2, 5) : tokens.slice(1, 4);
  const where = findWord(tokens, ['WHERE', 'ORDER', 'LIMIT']);
  return [
    ...tokens.slice(0, where),
    ...madeOf('WHERE rowid IN ( SELECT rowid FROM'),
    ...target,
    ...tokens.slice(where),
    ...madeOf(')'),
  ];
}
