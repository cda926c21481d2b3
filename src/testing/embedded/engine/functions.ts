import { createHash, randomUUID } from 'node:crypto';
import { dateTime, shifted } from '../sql/moment.js';
import type { SqliteDatabase } from './sqlite.js';

type Argument = string | number | Uint8Array | null;
type Implementation = (...args: Argument[]) => string | number | null;

/** Up to how many arguments a function of any number of them can have. */
const MOST_ARGUMENTS = 12;

/** Gives SQLite the functions of MySQL that it lacks, or that mean something else there. */
export function addFunctions(database: SqliteDatabase): void {
  for (const [name, implementation] of Object.entries(FIXED)) {
    database.create_function(name, implementation as (...args: never[]) => unknown);
  }
  for (let count = 1; count <= MOST_ARGUMENTS; count++) {
    database.create_function('concat', withLength(count, concat));
  }
}

/** By the name they have in SQLite; the number of arguments is the function's length. */
const FIXED: Readonly<Record<string, Implementation>> = {
  like: (pattern, value) =>
    value === null || pattern === null ? null : Number(isLike(`${value}`, `${pattern}`)),
  md5: (text) => hash('md5', text),
  mysql_isnull: (value) => Number(value === null),
  mysql_left: (text, count) => (text === null ? null : `${text}`.slice(0, Math.max(0, Number(count)))),
  mysql_locate: (part, text) => (part === null || text === null ? null : `${text}`.indexOf(`${part}`) + 1),
  mysql_now: (digits) => dateTime(new Date(), Number(digits)),
  mysql_rand: () => Math.random(),
  mysql_repeat: (text, count) => (text === null ? null : `${text}`.repeat(Math.max(0, Number(count)))),
  mysql_right: (text, count) =>
    text === null ? null : Number(count) > 0 ? `${text}`.slice(-Number(count)) : '',
  mysql_shift: (text, amount, unit) => (text === null ? null : shifted(`${text}`, Number(amount), `${unit}`)),
  regexp: (pattern, text) =>
    pattern === null || text === null ? null : Number(new RegExp(`${pattern}`, 'i').test(`${text}`)),
  sha1: (text) => hash('sha1', text),
  sha2: (text, bits) => hash(`sha${Number(bits) || 256}`, text),
  // The statement has slept before it was run.
  sleep: (_seconds) => 0,
  uuid: () => randomUUID(),
};

/** NULL when any part is. */
function concat(...parts: Argument[]): string | null {
  return parts.includes(null) ? null : parts.map((part) => `${part}`).join('');
}

/** Whether text is like a pattern: `%` and `_`, with a backslash before those that mean themselves. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\([%_\\])|[%_]|[$()*+.?[\\\]^{|}]/g, (match, escaped?: string) => {
    if (escaped !== undefined) return escaped === '\\' ? '\\\\' : escaped;
    if (match === '%') return '[\\s\\S]*';
    return match === '_' ? '[\\s\\S]' : `\\${match}`;
  });
  return new RegExp(`^${source}$`, 'i').test(text);
}

function hash(algorithm: string, text: Argument): string | null {
  return text === null
    ? null
    : createHash(algorithm)
        .update(typeof text === 'number' ? `${text}` : text)
        .digest('hex');
}

/** sql.js takes the number of arguments from the function's length. */
function withLength(length: number, implementation: Implementation): (...args: never[]) => unknown {
  const own = (...args: never[]): unknown => implementation(...args);
  Object.defineProperty(own, 'length', { value: length });
  return own;
}
