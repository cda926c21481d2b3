import type { Value } from '../column.js';
import { errors } from '../mysql-error.js';
import type { Token } from './token.js';

/** A value as a token. It stands where `at` stood, so that the statement's own text can still be quoted. */
export function literal(value: Value | boolean, at?: Token): Token {
  const { start, end } = at ?? { start: -1, end: -1 };
  if (value === null) return { kind: 'word', text: 'NULL', start, end };
  if (value instanceof Uint8Array) {
    return { kind: 'blob', text: Buffer.from(value).toString('hex'), start, end };
  }
  if (typeof value === 'string') return { kind: 'string', text: value, start, end };
  return { kind: 'number', text: String(typeof value === 'boolean' ? Number(value) : value), start, end };
}

/** Puts values in the place of question marks. */
export function withParameters(tokens: readonly Token[], values: readonly Value[]): Token[] {
  let next = 0;
  return tokens.map((token) => {
    if (token.kind !== 'param') return token;
    const value = values[next++];
    if (value === undefined) throw errors.syntax('?');
    return literal(value, token);
  });
}

/** How many parameters a statement has. */
export function parameterCount(tokens: readonly Token[]): number {
  return tokens.filter(({ kind }) => kind === 'param').length;
}
