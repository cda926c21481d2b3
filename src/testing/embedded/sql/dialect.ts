import { errors } from '../mysql-error.js';
import { isUnit } from './moment.js';
import { afterClosing, findWord, isSymbol, isWord, made, madeOf, splitAt, type Token } from './token.js';

/** Rewrites what SQLite has no words for, or others. Each rule is a function from tokens to tokens. */
export function toSqliteDialect(tokens: readonly Token[]): Token[] {
  return RULES.reduce<Token[]>((rewritten, rule) => rule(rewritten), [...tokens]);
}

type Rule = (tokens: Token[]) => Token[];

/** Everything is serialised, so nothing needs to be locked. */
const withoutLocks: Rule = (tokens) => {
  for (let i = 0; i < tokens.length; i++) {
    const forLock = isWord(tokens[i], 'FOR') && isWord(tokens[i + 1], 'UPDATE', 'SHARE');
    if (forLock || (isWord(tokens[i], 'LOCK') && isWord(tokens[i + 1], 'IN'))) {
      const end = tokens.findIndex((token, j) => j > i && isSymbol(token, ')'));
      return withoutLocks([...tokens.slice(0, i), ...(end < 0 ? [] : tokens.slice(end))]);
    }
  }
  return tokens;
};

/** `USE INDEX (a, b)`, and `FROM DUAL`. */
const withoutHints: Rule = (tokens) => {
  for (let i = 0; i < tokens.length; i++) {
    const hint = isWord(tokens[i], 'USE', 'FORCE', 'IGNORE') && isWord(tokens[i + 1], 'INDEX', 'KEY');
    if (hint) return withoutHints([...tokens.slice(0, i), ...tokens.slice(afterClosing(tokens, i + 2))]);
    if (isWord(tokens[i], 'FROM') && isWord(tokens[i + 1], 'DUAL')) {
      return withoutHints([...tokens.slice(0, i), ...tokens.slice(i + 2)]);
    }
  }
  return tokens;
};

/** `x + INTERVAL n unit` and `DATE_ADD(x, INTERVAL n unit)` become `mysql_shift(x, n, 'unit')`. */
const withoutIntervals: Rule = (tokens) => {
  const at = tokens.findIndex((token, i) => isWord(token, 'INTERVAL') && !isSymbol(tokens[i + 1], '('));
  if (at < 0) return tokens;
  const unitAt = tokens.findIndex(
    (token, i) => i > at && token.kind === 'word' && isUnit(token.text.toUpperCase()),
  );
  const unit = tokens[unitAt];
  if (!unit) throw errors.notSupported('this unit of an INTERVAL');
  const amount = tokens.slice(at + 1, unitAt);
  const before = tokens[at - 1];
  const after = tokens.slice(unitAt + 1);
  const start = isSymbol(before, ',') ? openingOf(tokens, at - 1) - 1 : startOfOperand(tokens, at - 2);
  const subtracts = isSymbol(before, '-') || isWord(tokens[start], 'DATE_SUB', 'SUBDATE');
  const operand = isSymbol(before, ',') ? tokens.slice(start + 2, at - 1) : tokens.slice(start, at - 1);
  return withoutIntervals([
    ...tokens.slice(0, start),
    ...madeOf('mysql_shift ('),
    ...operand,
    ...madeOf(subtracts ? ', - (' : ', ('),
    ...amount,
    ...madeOf(') ,'),
    made('string', unit.text.toUpperCase()),
    ...(isSymbol(before, ',') ? [] : madeOf(')')),
    ...after,
  ]);
};

function openingOf(tokens: readonly Token[], inside: number): number {
  let depth = 0;
  for (let i = inside; i >= 0; i--) {
    if (isSymbol(tokens[i], ')')) depth++;
    if (isSymbol(tokens[i], '(') && depth-- === 0) return i;
  }
  return 0;
}

/** An operand that ends at an index: a name, a literal, a call, or something in parentheses. */
function startOfOperand(tokens: readonly Token[], end: number): number {
  let start = isSymbol(tokens[end], ')') ? openingOf(tokens, end - 1) : end;
  if (start < end && tokens[start - 1]?.kind === 'word') start--;
  while (isSymbol(tokens[start - 1], '.')) start -= 2;
  return start;
}

/** Types that a cast names in another way. */
const CASTS: Readonly<Record<string, string>> = {
  BINARY: 'BLOB',
  CHAR: 'TEXT',
  DATE: 'TEXT',
  DATETIME: 'TEXT',
  DECIMAL: 'NUMERIC',
  JSON: 'TEXT',
  NCHAR: 'TEXT',
  SIGNED: 'INTEGER',
  TIME: 'TEXT',
  UNSIGNED: 'INTEGER',
};

const withCasts: Rule = (tokens) =>
  tokens.flatMap((token, i) => {
    const cast = CASTS[token.text.toUpperCase()];
    if (cast && token.kind === 'word' && isWord(tokens[i - 1], 'AS')) return [made('word', cast)];
    const second = isWord(token, 'INTEGER') && isWord(tokens[i - 1], 'SIGNED', 'UNSIGNED');
    return second ? [] : [token];
  });

/** Collations: those with `_bin` compare bytes, all others ignore the case of ASCII letters. */
const withCollations: Rule = (tokens) =>
  tokens.map((token, i) => {
    if (!isWord(tokens[i - 1], 'COLLATE')) return token;
    return made('word', /_bin$|^binary$/i.test(token.text) ? 'BINARY' : 'NOCASE');
  });

/** `INSERT IGNORE`, and `INSERT … SET a = 1`. */
const withInserts: Rule = (tokens) => {
  if (!isWord(tokens[0], 'INSERT', 'REPLACE')) return tokens;
  const [verb, ...rest] = tokens.filter((token, i) => i > 3 || !isWord(token, 'LOW_PRIORITY', 'DELAYED'));
  const ignore = isWord(rest[0], 'IGNORE');
  const target = ignore ? rest.slice(1) : rest;
  const into = withDefaultValues(isWord(target[0], 'INTO') ? target.slice(1) : target);
  const head = [verb ?? made('word', 'INSERT'), ...madeOf(ignore ? 'OR IGNORE INTO' : 'INTO')];
  const set = findWord(into, ['SET', 'VALUES', 'VALUE', 'SELECT', 'ON']);
  if (isWord(into[set], 'VALUE'))
    return [...head, ...into.slice(0, set), made('word', 'VALUES'), ...into.slice(set + 1)];
  if (!isWord(into[set], 'SET')) return [...head, ...into];
  const end = findWord(into, ['ON', 'AS'], set);
  const pairs = splitAt(into.slice(set + 1, end < 0 ? undefined : end), ',');
  return [
    ...head,
    ...into.slice(0, set),
    ...madeOf('('),
    ...pairs.flatMap((pair, i) => [...(i > 0 ? madeOf(',') : []), ...pair.slice(0, 1)]),
    ...madeOf(') VALUES ('),
    ...pairs.flatMap((pair, i) => [...(i > 0 ? madeOf(',') : []), ...pair.slice(2)]),
    ...madeOf(')'),
    ...(end < 0 ? [] : into.slice(end)),
  ];
};

/** `() VALUES ()` */
function withDefaultValues(tokens: Token[]): Token[] {
  const at = tokens.findIndex((token, i) => isSymbol(token, '(') && isSymbol(tokens[i + 1], ')'));
  const empty = at >= 0 && isWord(tokens[at + 2], 'VALUES') && isSymbol(tokens[at + 4], ')');
  return empty ? [...tokens.slice(0, at), ...madeOf('DEFAULT VALUES'), ...tokens.slice(at + 5)] : tokens;
}

/** `ON DUPLICATE KEY UPDATE a = VALUES(a)` becomes `ON CONFLICT DO UPDATE SET a = excluded.a`. */
const withUpserts: Rule = (tokens) => {
  const on = tokens.findIndex((token, i) => isWord(token, 'ON') && isWord(tokens[i + 1], 'DUPLICATE'));
  if (on < 0) return tokens;
  const alias = isWord(tokens[on - 2], 'AS') ? tokens[on - 1]?.text : undefined;
  const update = tokens.slice(on + 4).flatMap((token, i, all) => {
    if (isWord(token, 'VALUES') && isSymbol(all[i + 1], '(')) return madeOf('excluded .');
    // The parentheses of VALUES(a).
    if (isSymbol(token, '(') && isWord(all[i - 1], 'VALUES')) return [];
    if (isSymbol(token, ')') && isSymbol(all[i - 2], '(') && isWord(all[i - 3], 'VALUES')) return [];
    return alias !== undefined && token.text === alias && isSymbol(all[i + 1], '.')
      ? madeOf('excluded')
      : [token];
  });
  const insert = tokens.slice(0, alias === undefined ? on : on - 2);
  return [...insert, ...madeOf('ON CONFLICT DO UPDATE SET'), ...update];
};

const RULES: readonly Rule[] = [
  withoutLocks,
  withoutHints,
  withoutIntervals,
  withCasts,
  withCollations,
  withInserts,
  withUpserts,
];
