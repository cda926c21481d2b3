import { errors } from '../mysql-error.js';
import { isIdentifier, isSymbol, isWord, made, type Token } from './token.js';

/** A table that a statement names. */
export interface TableReference {
  readonly database: string;
  readonly table: string;
  /** What its columns are qualified with. */
  readonly alias: string;
  /** How many parentheses deep it is named. */
  readonly depth: number;
}

/** Databases that the server itself fills. */
export const INFORMATION_SCHEMA = 'information_schema';

/** The name in SQLite, which has no databases: they are part of it. */
export function storedName(database: string, table: string): string {
  // Names of the server's own tables are not sensitive to case.
  return database === INFORMATION_SCHEMA ? `${database}.${table.toUpperCase()}` : `${database}.${table}`;
}

/** Words after a table that are no alias. */
const NO_ALIAS = [
  'CROSS',
  'DEFAULT',
  'EXCEPT',
  'FOR',
  'FULL',
  'GROUP',
  'HAVING',
  'INNER',
  'INTERSECT',
  'JOIN',
  'LEFT',
  'LIMIT',
  'LOCK',
  'NATURAL',
  'ON',
  'ORDER',
  'OUTER',
  'RIGHT',
  'SELECT',
  'SET',
  'STRAIGHT_JOIN',
  'UNION',
  'USING',
  'VALUES',
  'WHERE',
  'WINDOW',
  'WITH',
];
/** Words that end the list of tables after FROM. */
const AFTER_FROM = [
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'SET',
  'SELECT',
  'WINDOW',
  'RETURNING',
];

interface Level {
  /** Within SELECT or DELETE: FROM is a clause and not part of a call such as EXTRACT(YEAR FROM x). */
  statement: boolean;
  /** Within the list of tables: a comma is followed by another table. */
  from: boolean;
}

/**
 * Gives every table its stored name and, unless it has one, its own name as an alias, so that its columns
 * can be qualified as before.
 */
export function withStoredTables(
  tokens: readonly Token[],
  current: string | undefined,
): { tokens: Token[]; tables: readonly TableReference[] } {
  const ctes = commonTables(tokens);
  const tables: TableReference[] = [];
  const output: Token[] = [];
  const levels: Level[] = [{ statement: false, from: false }];
  let expected = false;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i];
    const level = levels.at(-1);
    if (!token || !level) break;
    output.push(token);
    expected = step(token, level, levels, expected);
    i++;
    if (!expected || !isIdentifier(tokens[i]) || isWord(tokens[i], 'SELECT')) {
      i = skipDatabase(tokens, i, output, expected);
      continue;
    }
    const { reference, length, aliased } = readTable(tokens, i, current, ctes);
    if (reference) {
      tables.push({ ...reference, depth: levels.length - 1 });
      output.push(made('name', storedName(reference.database, reference.table)));
      if (!aliased) output.push(made('word', 'AS'), made('name', reference.alias));
    } else {
      output.push(...tokens.slice(i, i + length));
    }
    i += length;
    expected = false;
  }
  return { tokens: output, tables };
}

/** Takes a token in; returns whether a table is to follow it. */
function step(token: Token, level: Level, levels: Level[], expected: boolean): boolean {
  if (isSymbol(token, '(')) {
    // Tables can be in parentheses: FROM (a, b).
    levels.push({ statement: false, from: expected });
    return expected;
  }
  if (isSymbol(token, ')')) levels.pop();
  if (isWord(token, 'SELECT', 'DELETE')) Object.assign(level, { statement: true, from: false });
  if (isWord(token, 'FROM') && level.statement) {
    level.from = true;
    return true;
  }
  if (isWord(token, 'UPDATE', 'INTO', 'JOIN', 'STRAIGHT_JOIN')) {
    level.from ||= isWord(token, 'JOIN', 'STRAIGHT_JOIN');
    return true;
  }
  if (isWord(token, ...AFTER_FROM)) level.from = false;
  return level.from && isSymbol(token, ',');
}

/** Of `db.table.column`, where no table is expected, only the last two are known to SQLite. */
function skipDatabase(
  tokens: readonly Token[],
  i: number,
  output: readonly Token[],
  expected: boolean,
): number {
  const path = [1, 3].every((j) => isSymbol(tokens[i + j], '.')) && isIdentifier(tokens[i]);
  return path && !expected && !isSymbol(output.at(-1), '.') ? i + 2 : i;
}

function readTable(
  tokens: readonly Token[],
  i: number,
  current: string | undefined,
  ctes: ReadonlySet<string>,
): { reference: Omit<TableReference, 'depth'> | undefined; length: number; aliased: boolean } {
  const first = tokens[i]?.text ?? '';
  const qualified = isSymbol(tokens[i + 1], '.') && isIdentifier(tokens[i + 2]);
  const length = qualified ? 3 : 1;
  const following = tokens[i + length];
  // ON DUPLICATE KEY UPDATE, a function, or a common table expression.
  const own = !qualified && (ctes.has(first.toLowerCase()) || isSymbol(following, '('));
  const update = isWord(tokens[i - 1], 'UPDATE') && isWord(tokens[i - 2], 'DO', 'KEY', 'ON');
  if (update || (own && !isWord(tokens[i - 1], 'INTO')))
    return { reference: undefined, length, aliased: true };
  const explicit = isWord(following, 'AS');
  const aliased = explicit || (isIdentifier(following) && !isWord(following, ...NO_ALIAS));
  const table = qualified ? (tokens[i + 2]?.text ?? '') : first;
  const database = qualified ? first : current;
  if (database === undefined) throw errors.noDatabase();
  const alias = aliased ? (tokens[i + length + (explicit ? 1 : 0)]?.text ?? table) : table;
  return { reference: { database: normalised(database), table, alias }, length, aliased };
}

function normalised(database: string): string {
  return database.toLowerCase() === INFORMATION_SCHEMA ? INFORMATION_SCHEMA : database;
}

/** The names that WITH defines. */
function commonTables(tokens: readonly Token[]): ReadonlySet<string> {
  const names = new Set<string>();
  if (!tokens.some((token) => isWord(token, 'WITH'))) return names;
  for (const [i, token] of tokens.entries()) {
    const named = isWord(tokens[i - 1], 'WITH', 'RECURSIVE') || isSymbol(tokens[i - 1], ',');
    const defined = isWord(tokens[i + 1], 'AS') || isSymbol(tokens[i + 1], '(');
    if (isIdentifier(token) && named && defined) names.add(token.text.toLowerCase());
  }
  return names;
}
