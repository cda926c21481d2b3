import { isUnit } from './moment.js';
import {
  afterClosing,
  findWord,
  isIdentifier,
  isSymbol,
  isWord,
  made,
  splitAt,
  type Token,
} from './token.js';

/** What a column of a result is. */
export type SelectItem =
  /** All columns, of all tables or of the one with this alias. */
  | { readonly kind: 'star'; readonly alias: string | undefined }
  /** What has the type of a column: the column, or its smallest or largest value. */
  | { readonly kind: 'column'; readonly name: string; readonly path: ColumnPath }
  /** A sum or an average, which is exact for exact numbers. */
  | {
      readonly kind: 'aggregate';
      readonly name: string;
      readonly average: boolean;
      readonly path: ColumnPath | undefined;
    }
  /** The current time. */
  | { readonly kind: 'moment'; readonly name: string; readonly decimals: number }
  | { readonly kind: 'expression'; readonly name: string };

/** A column and what it is qualified with. */
export interface ColumnPath {
  readonly alias: string | undefined;
  readonly column: string;
}

const MODIFIERS = ['DISTINCT', 'ALL', 'DISTINCTROW', 'SQL_NO_CACHE', 'SQL_CALC_FOUND_ROWS', 'HIGH_PRIORITY'];
const ENDS = [
  'FROM',
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'INTO',
  'FOR',
  'LOCK',
];
/** What can't be an alias at the end of an expression. */
const LAST_WORDS = ['END', 'NULL', 'TRUE', 'FALSE', 'ROW', 'DEFAULT'];

/**
 * Reads the columns of a query's first SELECT and gives each a name: MySQL names an expression by its own
 * text, as it was written.
 */
export function withNamedItems(
  tokens: readonly Token[],
  sql: string,
): { tokens: Token[]; items: readonly SelectItem[] } {
  const select = findWord(tokens, ['SELECT']);
  if (select < 0) return { tokens: [...tokens], items: [] };
  let start = select + 1;
  while (isWord(tokens[start], ...MODIFIERS)) start++;
  const end = findWord(tokens, ENDS, start);
  const stop = end < 0 ? tokens.length : end;
  const named = splitAt(tokens.slice(start, stop), ',').map((item) => readItem(item, sql));
  const distinct = tokens
    .slice(select + 1, start)
    .filter((token) => isWord(token, 'DISTINCT', 'DISTINCTROW'));
  return {
    items: named.map(({ item }) => item),
    tokens: [
      ...tokens.slice(0, select + 1),
      ...(distinct.length > 0 ? [made('word', 'DISTINCT')] : []),
      ...named.flatMap(({ tokens: own }, i) => (i > 0 ? [made('symbol', ','), ...own] : own)),
      ...tokens.slice(stop),
    ],
  };
}

function readItem(tokens: readonly Token[], sql: string): { item: SelectItem; tokens: readonly Token[] } {
  if (isSymbol(tokens.at(-1), '*') && (tokens.length === 1 || isSymbol(tokens.at(-2), '.'))) {
    return { item: { kind: 'star', alias: tokens.at(-3)?.text }, tokens };
  }
  const { expression, alias } = splitAlias(tokens);
  const path = readPath(expression);
  const name = alias ?? path?.column ?? textOf(expression, sql);
  const named = [...expression, made('word', 'AS'), made('name', name)];
  return { item: { name, ...itemOf(expression, path, textOf(expression, sql)) }, tokens: named };
}

function itemOf(expression: readonly Token[], path: ColumnPath | undefined, text: string): Unnamed {
  const moment = expression.length === 1 ? MOMENT.exec(text) : null;
  if (moment) return { kind: 'moment', decimals: Number(moment[1] ?? 0) };
  if (path) return { kind: 'column', path };
  const call = isSymbol(expression[1], '(') && afterClosing(expression, 1) === expression.length;
  const argument = call ? readPath(expression.slice(2, -1)) : undefined;
  if (call && argument && isWord(expression[0], 'MIN', 'MAX')) return { kind: 'column', path: argument };
  if (call && isWord(expression[0], 'SUM', 'AVG')) {
    return { kind: 'aggregate', average: isWord(expression[0], 'AVG'), path: argument };
  }
  return { kind: 'expression' };
}

/** Its value stands there already, but this is what was written. */
const MOMENT =
  /^(?:now|sysdate|current_timestamp|localtime|localtimestamp|utc_timestamp)(?:\s*\(\s*(\d*)\s*\))?$/i;

type Unnamed =
  | Omit<Extract<SelectItem, { kind: 'moment' }>, 'name'>
  | Omit<Extract<SelectItem, { kind: 'column' }>, 'name'>
  | Omit<Extract<SelectItem, { kind: 'aggregate' }>, 'name'>
  | Omit<Extract<SelectItem, { kind: 'expression' }>, 'name'>;

function splitAlias(tokens: readonly Token[]): { expression: readonly Token[]; alias: string | undefined } {
  const last = tokens.at(-1);
  const previous = tokens.at(-2);
  if (!last || !previous) return { expression: tokens, alias: undefined };
  if (isWord(previous, 'AS')) return { expression: tokens.slice(0, -2), alias: last.text };
  const names = isIdentifier(last) || (last.kind === 'string' && previous.kind !== 'word');
  const follows = previous.kind !== 'symbol' ? !isWord(previous, ...OPERATORS) : isSymbol(previous, ')');
  const isUnitOf = isUnit(last.text.toUpperCase()) && tokens.some((token) => isWord(token, 'INTERVAL'));
  const isAlias = names && follows && !isUnitOf && !isWord(last, ...LAST_WORDS);
  return isAlias
    ? { expression: tokens.slice(0, -1), alias: last.text }
    : { expression: tokens, alias: undefined };
}

/** Words after which an expression goes on. */
const OPERATORS = [
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS',
  'LIKE',
  'BETWEEN',
  'DIV',
  'MOD',
  'REGEXP',
  'RLIKE',
  'BINARY',
  'COLLATE',
  'THEN',
  'ELSE',
  'WHEN',
  'CASE',
  'INTERVAL',
];

/** `c`, `t.c`, `db.t.c`. */
function readPath(tokens: readonly Token[]): ColumnPath | undefined {
  const last = tokens.at(-1);
  const wellFormed = tokens.every((token, i) => (i % 2 === 0 ? isIdentifier(token) : isSymbol(token, '.')));
  const isPath = wellFormed && tokens.length % 2 === 1 && last && !isWord(last, 'NULL', 'TRUE', 'FALSE');
  return isPath ? { alias: tokens.at(-3)?.text, column: last.text } : undefined;
}

/** As it was written; a string without its quotes. */
function textOf(tokens: readonly Token[], sql: string): string {
  const written = tokens.filter(({ start }) => start >= 0);
  const text = sql.slice(written[0]?.start ?? 0, written.at(-1)?.end ?? 0);
  return tokens.length === 1 && /^['"]/.test(text) ? (tokens[0]?.text ?? text) : text;
}
