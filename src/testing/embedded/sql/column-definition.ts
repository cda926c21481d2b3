import { errors } from '../mysql-error.js';
import { toSqliteDialect } from './dialect.js';
import { quotedName, render } from './render.js';
import { isSymbol, isWord, type Token } from './token.js';
import { TokenReader } from './token-reader.js';
import { type StoredType, storedType } from './types.js';

/** A column as a table declares it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: StoredType;
  readonly notNull: boolean;
  readonly autoIncrement: boolean;
  readonly primary: boolean;
  readonly unique: boolean;
  /** The time of the last change is written into it. */
  readonly onUpdate: string | undefined;
  /** What SQLite is told after the type. */
  readonly clauses: readonly string[];
}

/** Reads `name type attributes`. */
export function readColumnDefinition(tokens: readonly Token[]): ColumnDefinition {
  const reader = new TokenReader(tokens);
  const name = reader.identifier();
  const type = readType(reader, tokens);
  const found = { notNull: false, autoIncrement: false, primary: false, unique: false };
  let onUpdate: string | undefined;
  const clauses: string[] = [];
  while (!reader.done) {
    if (reader.take('NOT', 'NULL')) found.notNull = true;
    else if (reader.take('NULL')) found.notNull = false;
    else if (reader.take('AUTO_INCREMENT')) found.autoIncrement = true;
    else if (reader.take('PRIMARY', 'KEY') || reader.take('KEY')) found.primary = true;
    else if (reader.take('UNIQUE')) found.unique = reader.take('KEY') || true;
    else if (reader.take('DEFAULT')) clauses.push(`DEFAULT (${readDefault(reader)})`);
    else if (reader.take('ON', 'UPDATE')) onUpdate = readDefault(reader);
    else if (reader.take('CHECK')) clauses.push(check(reader));
    else if (reader.take('GENERATED', 'ALWAYS', 'AS') || reader.take('AS')) clauses.push(generated(reader));
    else if (reader.take('CHARACTER', 'SET') || reader.takeOneOf('COLLATE', 'CHARSET', 'COMMENT'))
      reader.next();
    // MySQL reads it and forgets it.
    else if (reader.take('REFERENCES')) reader.rest();
    else throw errors.syntax(reader.peek()?.text ?? '');
  }
  return { name, type, ...found, onUpdate, clauses };
}

/** The conditions that the values of a column must meet, each named after the error it stands for. */
export function typeChecks({ name, type }: ColumnDefinition): string[] {
  return type.checks
    .filter(([, condition]) => condition !== 'TRUE')
    .map(([errno, condition]) => {
      const about = condition.replace(/\bc\b/g, () => quotedName(name));
      return `CONSTRAINT ${quotedName(`${errno}:${name}`)} CHECK (${about})`;
    });
}

function readType(reader: TokenReader, tokens: readonly Token[]): StoredType {
  const name = reader.identifier();
  reader.takeOneOf('PRECISION', 'VARYING');
  const args = reader.parentheses() ?? [];
  let unsigned = false;
  while (reader.takeOneOf('UNSIGNED', 'SIGNED', 'ZEROFILL')) {
    unsigned ||= isWord(reader.peek(-1), 'UNSIGNED', 'ZEROFILL');
  }
  const exact = tokens.some((token, i) => isWord(tokens[i - 1], 'COLLATE') && /_bin$/i.test(token.text));
  const type = storedType(name, {
    numbers: args.filter(({ kind }) => kind === 'number').map(({ text }) => Number(text)),
    strings: args.filter(({ kind }) => kind === 'string').map(({ text }) => text),
    unsigned,
    exact,
  });
  if (!type) throw errors.notSupported(`the type ${name.toUpperCase()}`);
  return type;
}

/** A literal, an expression in parentheses, or the current time, to be asked for at every insert. */
function readDefault(reader: TokenReader): string {
  const expression = reader.parentheses();
  if (expression) return render(toSqliteDialect(expression));
  const sign = reader.takeSymbol('-') ? '-' : '';
  const token = reader.next();
  if (!isWord(token, 'CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP'))
    return sign + render([token]);
  const digits = reader.parentheses()?.[0]?.text ?? '0';
  return `mysql_now(${digits})`;
}

function check(reader: TokenReader): string {
  return `CHECK (${render(toSqliteDialect(reader.parentheses() ?? []))})`;
}

function generated(reader: TokenReader): string {
  const expression = render(toSqliteDialect(reader.parentheses() ?? []));
  const stored = reader.takeOneOf('STORED', 'VIRTUAL') && isWord(reader.peek(-1), 'STORED');
  return `GENERATED ALWAYS AS (${expression}) ${stored ? 'STORED' : 'VIRTUAL'}`;
}

/** The columns of `(a, b(10), c DESC)`. */
export function readColumnNames(tokens: readonly Token[]): string[] {
  return tokens
    .filter((token, i) => (i === 0 || isSymbol(tokens[i - 1], ',')) && !isSymbol(token, ','))
    .map(({ text }) => text);
}
