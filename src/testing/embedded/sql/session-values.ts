import type { Value } from '../column.js';
import { literal } from './literal.js';
import { afterClosing, isSymbol, isWord, type Token } from './token.js';

/** What a statement can ask about the session that runs it. */
export interface SessionValues {
  readonly threadId: number;
  readonly database: string | undefined;
  readonly account: string;
  readonly version: string;
  readonly lastInsertId: bigint;
  readonly rowCount: number;
  readonly foundRows: number;
  /** The time in the session's time zone, or in UTC. */
  now(digits: number, zone?: 'utc'): string;
  /** The value of `@@name`, of `scope` when it is given. Throws when there is no such variable. */
  systemVariable(name: string, scope: string | undefined): Value;
  userVariable(name: string): Value;
}

type Read = (session: SessionValues, argument: number) => Value;

const now: Read = (session, digits) => session.now(digits);
const utcNow: Read = (session, digits) => session.now(digits, 'utc');
const today: Read = (session) => session.now(0).slice(0, 10);
const clock: Read = (session) => session.now(0).slice(11);
const account: Read = (session) => session.account;
const database: Read = (session) => session.database ?? null;

/** Functions without arguments, or with a number of digits, whose value is the same all over a statement. */
const FUNCTIONS: Readonly<Record<string, Read>> = {
  CONNECTION_ID: (session) => BigInt(session.threadId),
  CURDATE: today,
  CURRENT_DATE: today,
  CURRENT_TIME: clock,
  CURRENT_TIMESTAMP: now,
  CURRENT_USER: account,
  CURTIME: clock,
  DATABASE: database,
  FOUND_ROWS: (session) => BigInt(session.foundRows),
  LAST_INSERT_ID: (session) => session.lastInsertId,
  LOCALTIME: now,
  LOCALTIMESTAMP: now,
  NOW: now,
  ROW_COUNT: (session) => BigInt(session.rowCount),
  SCHEMA: database,
  SESSION_USER: account,
  SYSDATE: now,
  SYSTEM_USER: account,
  UNIX_TIMESTAMP: () => BigInt(Math.floor(Date.now() / 1000)),
  USER: account,
  UTC_TIMESTAMP: utcNow,
  VERSION: (session) => session.version,
};

/** Those that are functions without parentheses, too. */
const BARE = [
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'UTC_TIMESTAMP',
];

/** Puts values in the place of variables and of functions that depend on the session. */
export function withSessionValues(tokens: readonly Token[], session: SessionValues): Token[] {
  const output: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.kind === 'variable') {
      output.push(literal(variable(token.text, session), token));
      continue;
    }
    const call = readCall(tokens, i);
    if (!call) {
      output.push(token);
      continue;
    }
    const last = tokens[call.end - 1] ?? token;
    output.push(literal(call.read(session, call.argument), { ...token, end: last.end }));
    i = call.end - 1;
  }
  return output;
}

function variable(text: string, session: SessionValues): Value {
  const [, scope, name = ''] = /^@@(?:(\w+)\s*\.\s*)?`?([\w.]+)`?$/.exec(text) ?? [];
  return text.startsWith('@@')
    ? session.systemVariable(name.toLowerCase(), scope?.toLowerCase())
    : session.userVariable(userVariableName(text));
}

/** The name in `@name`, `@'name'` or @`name`. */
export function userVariableName(text: string): string {
  return text.replace(/^@['`]?|['`]$/g, '').toLowerCase();
}

function readCall(
  tokens: readonly Token[],
  i: number,
): { read: Read; argument: number; end: number } | undefined {
  const token = tokens[i];
  if (token?.kind !== 'word' || isSymbol(tokens[i - 1], '.')) return undefined;
  const read = FUNCTIONS[token.text.toUpperCase()];
  if (!read) return undefined;
  if (!isSymbol(tokens[i + 1], '('))
    return isWord(token, ...BARE) ? { read, argument: 0, end: i + 1 } : undefined;
  const end = afterClosing(tokens, i + 1);
  if (end === i + 3) return { read, argument: 0, end };
  const digits = tokens[i + 2];
  return end === i + 4 && digits?.kind === 'number' && read !== FUNCTIONS.LAST_INSERT_ID
    ? { read, argument: Number(digits.text), end }
    : undefined;
}
