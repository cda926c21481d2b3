/**
 * What a statement does to the connection it runs on. `'read'` and `'write'` leave the session as it is;
 * `'session'` may alter it; `'use'` changes its database; `'define'` commits what is open before it runs.
 */
export type StatementKind =
  | 'read'
  | 'write'
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'session'
  | 'use'
  | 'define';

/** What is known of a statement from its text. */
export interface Traits {
  readonly kind: StatementKind;
  /** Whether running it twice, on whichever connection, is as good as running it once. */
  readonly repeatable: boolean;
  /** Whether it may change data. */
  readonly writes: boolean;
  /** Whether the session is not as before once it ran. */
  readonly alters: boolean;
}

const READ: Traits = { kind: 'read', repeatable: true, writes: false, alters: false };
const WRITE: Traits = { kind: 'write', repeatable: false, writes: true, alters: false };
const WRITE_AND_SESSION: Traits = { ...WRITE, alters: true };
const SESSION: Traits = { kind: 'session', repeatable: false, writes: false, alters: true };
const USE: Traits = { ...SESSION, kind: 'use' };
const DEFINE: Traits = { kind: 'define', repeatable: false, writes: true, alters: false };
const BEGIN: Traits = { kind: 'begin', repeatable: false, writes: false, alters: false };
const COMMIT: Traits = { ...BEGIN, kind: 'commit' };
const ROLLBACK: Traits = { ...BEGIN, kind: 'rollback' };
const SAVEPOINT: Traits = { ...BEGIN, kind: 'savepoint' };
/** A text that is not understood: it may do anything. */
const ANYTHING: Traits = { kind: 'session', repeatable: false, writes: true, alters: true };

/** White space, opening brackets and comments; but not comments that the server executes. */
const LEADING = /^(?:[\s(]|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!!|M!)[^*]*\*+(?:[^/*][^*]*\*+)*\/)*/;
const KEYWORD = /^[a-z]+/i;
const SECOND_KEYWORD = /^[a-z]+\s+([a-z]+)/i;

/** Anything of a query that has an effect, or whose result depends on the session it runs on. */
const NOT_A_PLAIN_READ =
  /\binto\b|@|:=|\/\*!|\/\*M!|\bnext\s+value\b|\b(?:get_lock|release_lock|release_all_locks|is_used_lock|is_free_lock|nextval|setval|lastval|last_insert_id|row_count|found_rows|connection_id|master_pos_wait|source_pos_wait|master_gtid_wait|load_file|sys_exec|sys_eval)\s*\(/i;
const DATA_CHANGE = /\b(?:insert|update|delete|replace)\b/i;
/** A system variable is read with two signs; one sign is a variable of the session. */
const SYSTEM_VARIABLE = /@@/g;
const SESSION_IN_A_WRITE = /@|\/\*!|\/\*M!|\bget_lock\s*\(/i;
const SECOND_STATEMENT = /;\s*[^\s;]/;

const BY_KEYWORD: Readonly<Record<string, (text: string) => Traits>> = {
  select: readTraits,
  values: readTraits,
  table: readTraits,
  show: readTraits,
  describe: readTraits,
  desc: explainTraits,
  explain: explainTraits,
  with: (text) => (DATA_CHANGE.test(text) ? writeTraits(text) : readTraits(text)),
  insert: writeTraits,
  update: writeTraits,
  delete: writeTraits,
  replace: writeTraits,
  load: () => WRITE_AND_SESSION,
  begin: () => BEGIN,
  start: (text) => (secondKeyword(text) === 'transaction' ? BEGIN : ANYTHING),
  commit: (text) => (/\bchain\b/i.test(text) ? ANYTHING : COMMIT),
  rollback: rollbackTraits,
  savepoint: () => SAVEPOINT,
  release: () => SAVEPOINT,
  set: (text) => (/\b(?:global|persist|persist_only|password)\b/i.test(text) ? ANYTHING : SESSION),
  use: () => USE,
  kill: () => ({ ...SESSION, alters: false }),
  create: (text) => (/\btemporary\b/i.test(text) ? ANYTHING : DEFINE),
  drop: (text) => (/\btemporary\b/i.test(text) ? ANYTHING : DEFINE),
  alter: () => DEFINE,
  truncate: () => DEFINE,
  rename: () => DEFINE,
  grant: () => DEFINE,
  revoke: () => DEFINE,
  optimize: () => DEFINE,
  repair: () => DEFINE,
};

function readTraits(text: string): Traits {
  return NOT_A_PLAIN_READ.test(text.replace(SYSTEM_VARIABLE, '')) ? ANYTHING : READ;
}

/** EXPLAIN ANALYZE runs what it explains. */
function explainTraits(text: string): Traits {
  return /\banalyze\b/i.test(text) ? ANYTHING : readTraits(text);
}

function writeTraits(text: string): Traits {
  return SESSION_IN_A_WRITE.test(text) ? WRITE_AND_SESSION : WRITE;
}

function rollbackTraits(text: string): Traits {
  if (/\bchain\b/i.test(text)) return ANYTHING;
  return /^rollback\s+(?:work\s+)?to\b/i.test(text) ? SAVEPOINT : ROLLBACK;
}

function secondKeyword(text: string): string | undefined {
  return SECOND_KEYWORD.exec(text)?.[1]?.toLowerCase();
}

const CACHE_SIZE = 1000;
const CACHED_LENGTH = 2000;
const cache = new Map<string, Traits>();

/**
 * What a statement does, decided from its text, before values are filled in. Conservative: a text that is not
 * understood may do anything and is never repeated.
 */
export function traitsOf(sql: string): Traits {
  const cached = cache.get(sql);
  if (cached !== undefined) return cached;
  const traits = decide(sql);
  if (sql.length <= CACHED_LENGTH) {
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(sql, traits);
  }
  return traits;
}

function decide(sql: string): Traits {
  if (SECOND_STATEMENT.test(sql)) return ANYTHING;
  const text = sql.slice(LEADING.exec(sql)?.[0].length ?? 0);
  const keyword = KEYWORD.exec(text)?.[0].toLowerCase();
  const traits =
    keyword === undefined || !Object.hasOwn(BY_KEYWORD, keyword) ? undefined : BY_KEYWORD[keyword];
  return traits?.(text) ?? ANYTHING;
}
