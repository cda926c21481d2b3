import { isSymbol, isWord, type Token } from './token.js';

/** Operators and keywords that SQLite spells in another way. */
const SPELLINGS: Readonly<Record<string, string>> = {
  '&&': 'AND',
  '||': 'OR',
  '<=>': 'IS',
  '!': 'NOT',
  // Of whole numbers too, the quotient is a fraction.
  '/': '* 1.0 /',
  DIV: '/',
  MOD: '%',
  RLIKE: 'REGEXP',
  // group_concat(x SEPARATOR ',')
  SEPARATOR: ',',
};

/** Keywords of SQLite that are ordinary names to MySQL. */
const ORDINARY: ReadonlySet<string> = new Set([
  'AUTOINCREMENT',
  'COMMIT',
  'DEFERRABLE',
  'INDEXED',
  'ISNULL',
  'NOTHING',
  'NOTNULL',
  'RETURNING',
  'TRANSACTION',
]);

/** Functions that SQLite, or the engine, knows by another name. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  CEILING: 'ceil',
  CHAR_LENGTH: 'length',
  CHARACTER_LENGTH: 'length',
  GREATEST: 'max',
  IF: 'iif',
  LCASE: 'lower',
  ISNULL: 'mysql_isnull',
  LAST_INSERT_ID: 'mysql_last_insert_id',
  LEAST: 'min',
  LEFT: 'mysql_left',
  LENGTH: 'octet_length',
  LOCATE: 'mysql_locate',
  MID: 'substr',
  MOD: 'mod',
  RAND: 'mysql_rand',
  REPEAT: 'mysql_repeat',
  RIGHT: 'mysql_right',
  SUBSTRING: 'substr',
  UCASE: 'upper',
};

/** Writes tokens down as SQLite understands them. */
export function render(tokens: readonly Token[]): string {
  return tokens.map((token, i) => renderOne(token, tokens[i + 1])).join(' ');
}

/** A name in quotes. Not in double ones: what SQLite does not know in those, it takes for a string. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A string as a literal of SQLite, which has no escapes and ends a literal at a zero character. */
export function quotedString(text: string): string {
  if (text.includes('\0')) return `CAST(x'${Buffer.from(text).toString('hex')}' AS TEXT)`;
  return `'${text.replaceAll("'", "''")}'`;
}

function renderOne(token: Token, next: Token | undefined): string {
  switch (token.kind) {
    case 'name':
      return quotedName(token.text);
    case 'string':
      return quotedString(canonicalMoment(token.text));
    case 'blob':
      return `x'${token.text}'`;
    case 'symbol':
      return SPELLINGS[token.text] ?? token.text;
    case 'word': {
      const upper = token.text.toUpperCase();
      if (isSymbol(next, '(') && FUNCTIONS[upper]) return FUNCTIONS[upper];
      if (ORDINARY.has(upper)) return quotedName(token.text);
      // A charset introducer: _utf8mb4'text'
      if (next?.kind === 'string' && /^_(utf8|latin1|binary|ascii)/i.test(token.text)) return '';
      return isWord(token, ...Object.keys(SPELLINGS)) ? (SPELLINGS[upper] ?? token.text) : token.text;
    }
    default:
      return token.text;
  }
}

/** Dates are compared as text: a fraction of zeros, or zeros at its end, must not make a difference. */
function canonicalMoment(text: string): string {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d*0$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}
