import { errors } from '../mysql-error.js';
import type { Token } from './token.js';

/** The kinds of token, in the order they are tried. Sticky: each matches where the last one ended. */
const PATTERNS: readonly (readonly [RegExp, Token['kind'] | 'space'])[] = [
  [/\s+|--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?!!)[\s\S]*?\*\//y, 'space'],
  // What MySQL hides from others in a comment is for us as well.
  [/\/\*!\d*|\*\//y, 'space'],
  [/'(?:[^'\\]|\\[\s\S]|'')*'/y, 'string'],
  [/"(?:[^"\\]|\\[\s\S]|"")*"/y, 'string'],
  [/`(?:[^`]|``)*`/y, 'name'],
  [/[xX]'[0-9a-fA-F]*'|0x[0-9a-fA-F]+/y, 'blob'],
  [/[bB]'[01]*'/y, 'number'],
  [/(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w$])/y, 'number'],
  [
    /@@(?:(?:global|session|local)\s*\.\s*)?`?[\w$]+`?(?:\.[\w$]+)?|@(?:'[^']*'|`[^`]*`|[\w.$]*)/iy,
    'variable',
  ],
  [/[\w$\u0080-\uffff]+/y, 'word'],
  [/\?/y, 'param'],
  [/<=>|<>|!=|<=|>=|:=|&&|\|\||<<|>>|->>|->|[-+*/%=<>!~^&|(),.;]/y, 'symbol'],
];

/** Takes a statement, or several, apart. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < sql.length; ) {
    const [kind, text] = match(sql, start);
    const end = start + text.length;
    if (kind !== 'space') append(tokens, { kind, text: plainText(kind, text), start, end });
    start = end;
  }
  return tokens;
}

/** Splits at the semicolons; statements without a token are left out. */
export function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function match(sql: string, start: number): readonly [Token['kind'] | 'space', string] {
  for (const [pattern, kind] of PATTERNS) {
    pattern.lastIndex = start;
    const text = pattern.exec(sql)?.[0];
    if (text) return [kind, text];
  }
  throw errors.syntax(sql.slice(start));
}

/** Strings in a row are one string. */
function append(tokens: Token[], token: Token): void {
  const last = tokens.at(-1);
  if (last?.kind === 'string' && token.kind === 'string') {
    tokens[tokens.length - 1] = { ...last, text: last.text + token.text, end: token.end };
  } else {
    tokens.push(token);
  }
}

function plainText(kind: Token['kind'], text: string): string {
  if (kind === 'name') return text.slice(1, -1).replaceAll('``', '`');
  if (kind === 'string') return unescaped(text);
  if (kind === 'blob') return evenDigits(text.replace(/^0x|^[xX]'|'$/g, ''));
  if (kind === 'number' && /^b/i.test(text)) return String(BigInt(`0b${text.slice(2, -1) || '0'}`));
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  // Kept for LIKE, which knows them as escapes.
  '%': '\\%',
  _: '\\_',
};

function unescaped(text: string): string {
  const quote = text[0] ?? "'";
  const inner = text.slice(1, -1).replaceAll(quote + quote, `\\${quote}`);
  return inner.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

function evenDigits(digits: string): string {
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
