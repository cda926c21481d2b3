/** A piece of a statement. */
export interface Token {
  /**
   * `word`: a keyword or a name without quotes; `name`: one in backticks; `variable`: `@x` or `@@x`;
   * `blob`: bytes, in hexadecimal; `param`: a question mark.
   */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'blob' | 'param' | 'variable' | 'symbol';
  /** The text, without quotes and escapes. */
  readonly text: string;
  /** Where it stands in the statement; tokens of our own making stand nowhere. */
  readonly start: number;
  readonly end: number;
}

/** A token that no statement contains. */
export function made(kind: Token['kind'], text: string): Token {
  return { kind, text, start: -1, end: -1 };
}

/** A few words and symbols in a row: whatever is no word is a symbol. */
export function madeOf(text: string): Token[] {
  return text.split(' ').map((part) => made(/^\w+$/.test(part) ? 'word' : 'symbol', part));
}

/** Whether a token is one of these keywords, which are given in capitals. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** Whether a token is this symbol. */
export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

/** Whether a token can name a table or a column. */
export function isIdentifier(token: Token | undefined): boolean {
  return token?.kind === 'name' || (token?.kind === 'word' && !/^\d/.test(token.text));
}

/** Whether tokens begin with these keywords. */
export function startsWith(tokens: readonly Token[], ...words: readonly string[]): boolean {
  return words.every((word, i) => isWord(tokens[i], word));
}

/** The index after the parenthesis that closes the one at `open`. */
export function afterClosing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (isSymbol(tokens[i], '(')) depth++;
    else if (isSymbol(tokens[i], ')') && --depth === 0) return i + 1;
  }
  return tokens.length;
}

/** Splits at a symbol outside of parentheses. */
export function splitAt(tokens: readonly Token[], symbol: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (isSymbol(token, '(')) depth++;
    if (isSymbol(token, ')')) depth--;
    if (depth === 0 && isSymbol(token, symbol)) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** The index of the first of these keywords outside of parentheses, from an index on; -1 if there is none. */
export function findWord(tokens: readonly Token[], words: readonly string[], from = 0): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    if (isSymbol(tokens[i], '(')) depth++;
    if (isSymbol(tokens[i], ')')) depth--;
    if (depth === 0 && isWord(tokens[i], ...words)) return i;
  }
  return -1;
}
