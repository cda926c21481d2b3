import { errors } from '../mysql-error.js';
import { afterClosing, isIdentifier, isSymbol, isWord, type Token } from './token.js';

/** Reads tokens one after the other, for statements that have a grammar of their own here. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** A token ahead, without taking it. */
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  /** Takes these keywords if they come next. */
  take(...words: readonly string[]): boolean {
    const matches = words.every((word, i) => isWord(this.peek(i), word));
    if (matches) this.#at += words.length;
    return matches;
  }

  /** Takes one of these keywords if it comes next. */
  takeOneOf(...words: readonly string[]): boolean {
    const matches = isWord(this.peek(), ...words);
    if (matches) this.#at++;
    return matches;
  }

  takeSymbol(symbol: string): boolean {
    const matches = isSymbol(this.peek(), symbol);
    if (matches) this.#at++;
    return matches;
  }

  /** Takes the next token, whatever it is. */
  next(): Token {
    const token = this.peek();
    if (!token) throw errors.syntax('');
    this.#at++;
    return token;
  }

  /** Takes keywords that have to come next. */
  expect(...words: readonly string[]): void {
    if (!this.take(...words)) throw errors.syntax(this.peek()?.text ?? '');
  }

  /** Takes a name. */
  identifier(): string {
    const token = this.next();
    if (!isIdentifier(token)) throw errors.syntax(token.text);
    return token.text;
  }

  /** Takes `table` or `database.table`. */
  tableName(current: string | undefined): { database: string; table: string } {
    const first = this.identifier();
    if (this.takeSymbol('.')) return { database: first, table: this.identifier() };
    if (current === undefined) throw errors.noDatabase();
    return { database: current, table: first };
  }

  /** Takes what is in the parentheses that come next, without them; undefined when none come. */
  parentheses(): Token[] | undefined {
    if (!isSymbol(this.peek(), '(')) return undefined;
    const end = afterClosing(this.#tokens, this.#at);
    const inner = this.#tokens.slice(this.#at + 1, end - 1);
    this.#at = end;
    return inner;
  }

  /** Takes all that is left. */
  rest(): Token[] {
    const rest = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    return rest;
  }
}
