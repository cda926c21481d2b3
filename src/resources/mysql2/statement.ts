import type { Call } from '../../core/call/index.js';
import { type Failure, recordFailure } from '../../errors/index.js';
import { classify, rollsBack, type StatementState } from './classify.js';
import type { RawCommand, StatementOptions } from './raw-connection.js';
import { type Session, wasWritten } from './session.js';
import { type Traits, traitsOf } from './traits.js';

/** A statement to be run: by text protocol (`query`) or prepared (`execute`). */
export interface Statement {
  readonly protocol: 'query' | 'execute';
  /** The text, or mysql2's options in its place. */
  readonly sql: string | StatementOptions;
  readonly values: unknown;
  readonly traits: Traits;
}

/** How a statement ended. The failure is the verdict on the error, recorded beside it already. */
export type Settle = (error: unknown, failure: Failure | undefined, rows?: unknown, fields?: unknown) => void;

/** A statement from the arguments of mysql2's `query` and `execute`, their callback left out. */
export function statement(protocol: Statement['protocol'], sql: unknown, values: unknown): Statement {
  if (typeof sql === 'string') return { protocol, sql, values, traits: traitsOf(sql) };
  const options = sql as (StatementOptions & Made) | null | undefined;
  if (typeof options?.sql !== 'string') {
    throw new TypeError('a statement must be a string, or an object whose sql is a string');
  }
  // A command that mysql2 made with a callback keeps calling that one: take what it was made of instead.
  const { onResult, _queryOptions } = options;
  const made =
    onResult === undefined ? options : { ..._queryOptions, sql: options.sql, values: options.values };
  return { protocol, sql: made as StatementOptions, values, traits: traitsOf(options.sql) };
}

/** What a command has that mysql2 made of a statement. */
interface Made {
  readonly onResult?: unknown;
  readonly _queryOptions?: StatementOptions;
}

/**
 * Runs a statement once on a session: the one place where a statement meets the driver. It settles once,
 * whatever mysql2 does afterwards, and at once when the call is aborted: then it is stopped on the server, and
 * the session is `stopping` until that is done.
 */
export function issue(
  session: Session,
  request: Statement,
  call: Call | undefined,
  settle: Settle,
): RawCommand | undefined {
  if (call?.aborted !== undefined) {
    settle(call.aborted, NOT_RUN);
    return undefined;
  }
  if (session.stopping !== undefined) {
    void session.stopping.then(() => issue(session, request, call, settle));
    return undefined;
  }
  const { protocol, sql, values, traits } = request;
  const inTransaction = session.inTransaction && survivesInTransaction(traits);
  let command: RawCommand | undefined;
  let settled = false;
  let ended: (() => void) | undefined;

  const state = (): StatementState => ({
    written: wasWritten(command),
    repeatable: traits.repeatable,
    inTransaction,
    commits: traits.kind === 'commit',
    readOnly: session.readOnly,
    oversized: isOversized(session, sql, values),
    encrypted: (session.raw.stream as { encrypted?: boolean }).encrypted === true,
  });

  const removeAbort = call?.onAbort((reason) => {
    if (settled) return;
    settled = true;
    const { written } = state();
    if (written) session.stop(new Promise((resolve) => (ended = resolve)));
    // It waits behind another one, and mysql2 would run it when that one ends.
    else session.kill();
    const harmless = !written || traits.repeatable || inTransaction;
    settle(reason, harmless ? GONE : GONE_IN_DOUBT);
  });

  const onResult = (error: unknown, rows?: unknown, fields?: unknown): void => {
    const done = error === null || error === undefined;
    if (done) session.noteDone(traits, rows);
    else if (rollsBack(error)) session.noteRolledBack();
    if (settled) {
      // A command that has ended is still current while its end is being told.
      if (ended !== undefined) process.nextTick(ended);
      return;
    }
    settled = true;
    removeAbort?.();
    if (done) {
      settle(null, undefined, rows, fields);
      return;
    }
    const failure = classify(error, state());
    if (failure !== undefined) recordFailure(error, failure);
    settle(error, failure);
  };

  session.noteIssued(traits);
  try {
    command = session.raw[protocol](sql, values, onResult);
  } catch (error) {
    // mysql2 refuses wrong parameters before it writes anything.
    onResult(error);
  }
  return command;
}

const GONE: Failure = {
  status: 'CANCELLED',
  reason: 'CANCELLED',
  outcome: 'none',
  transient: false,
  fatal: true,
};
const GONE_IN_DOUBT: Failure = { ...GONE, outcome: 'unknown' };
const NOT_RUN: Failure = { ...GONE, fatal: false };

/** What only runs inside a transaction is rolled back with it; a definition commits what was before it. */
function survivesInTransaction({ kind }: Traits): boolean {
  return kind === 'read' || kind === 'write' || kind === 'savepoint' || kind === 'begin';
}

/** A statement of which even the text alone is larger than the server takes fails the same way for ever. */
function isOversized({ facts }: Session, sql: Statement['sql'], values: unknown): boolean {
  let size = typeof sql === 'string' ? sql.length : sql.sql.length;
  const given = typeof sql === 'string' ? values : (values ?? sql.values);
  for (const value of Array.isArray(given) ? given : []) {
    if (typeof value === 'string' || Buffer.isBuffer(value)) size += value.length;
  }
  return size > facts.maxAllowedPacket;
}

/** Runs a statement once, as a promise; rejects with the driver's error. */
export function issued(session: Session, request: Statement, call?: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    issue(session, request, call, (error, _failure, rows) => {
      if (error === null) resolve(rows);
      else reject(error);
    });
  });
}
