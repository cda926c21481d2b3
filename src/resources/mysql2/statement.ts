import type { Call } from '../../core/call/index.js';
import { type Failure, recordFailure } from '../../errors/index.js';
import { classify, rollsBack, type StatementState } from './classify.js';
import type { RawCommand, StatementOptions } from './raw-connection.js';
import { type Session, wasWritten } from './session.js';
import { type Traits, traitsOf } from './traits.js';

/** A statement to be run: by text protocol (`query`) or prepared (`execute`). */
export interface Statement {
  readonly protocol: 'query' | 'execute';
  readonly options: StatementOptions;
  readonly traits: Traits;
}

/** How a statement ended. The failure is the verdict on the error, recorded beside it already. */
export type Settle = (error: unknown, failure: Failure | undefined, rows?: unknown, fields?: unknown) => void;

/** A statement from the arguments of mysql2's `query` and `execute`, their callback left out. */
export function statement(protocol: Statement['protocol'], sql: unknown, values: unknown): Statement {
  const options = statementOptions(sql, values);
  return { protocol, options, traits: traitsOf(options.sql) };
}

function statementOptions(sql: unknown, values: unknown): StatementOptions {
  if (typeof sql === 'string') return values === undefined ? { sql } : { sql, values: values as never };
  const options = sql as StatementOptions | null | undefined;
  if (typeof options?.sql !== 'string') {
    throw new TypeError('a statement must be a string, or an object whose sql is a string');
  }
  if (values !== undefined) return { ...options, values: values as never };
  // A command that mysql2 made with a callback keeps calling that one: take what it was made of instead.
  const { onResult, _queryOptions } = options as { onResult?: unknown; _queryOptions?: StatementOptions };
  return onResult === undefined
    ? options
    : { ..._queryOptions, sql: options.sql, values: options.values as never };
}

/**
 * Runs a statement once on a session: the one place where a statement meets the driver. It settles once,
 * whatever mysql2 does afterwards, and at once when the call is aborted.
 */
export function issue(
  session: Session,
  { protocol, options, traits }: Statement,
  call: Call | undefined,
  settle: Settle,
): RawCommand | undefined {
  const inTransaction = session.inTransaction && survivesInTransaction(traits);
  let command: RawCommand | undefined;
  let settled = false;

  const state = (): StatementState => ({
    written: wasWritten(command),
    repeatable: traits.repeatable,
    inTransaction,
    commits: traits.kind === 'commit',
    readOnly: session.readOnly,
    oversized: isOversized(session, options),
    encrypted: (session.raw.stream as { encrypted?: boolean }).encrypted === true,
  });

  const removeAbort = call?.onAbort((reason) => {
    if (settled) return;
    settled = true;
    const { written } = state();
    // The connection goes with the statement: what it still replies belongs to nobody.
    session.kill();
    const harmless = !written || traits.repeatable || inTransaction;
    settle(reason, harmless ? GONE : GONE_IN_DOUBT);
  });

  const onResult = (error: unknown, rows?: unknown, fields?: unknown): void => {
    if (settled) return;
    settled = true;
    removeAbort?.();
    if (error === null || error === undefined) {
      session.noteDone(traits, rows);
      settle(null, undefined, rows, fields);
      return;
    }
    if (rollsBack(error)) session.noteRolledBack();
    const failure = classify(error, state());
    if (failure !== undefined) recordFailure(error, failure);
    settle(error, failure);
  };

  session.noteIssued(traits);
  try {
    command = session.raw[protocol](options, onResult);
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

/** What only runs inside a transaction is rolled back with it; a definition commits what was before it. */
function survivesInTransaction({ kind }: Traits): boolean {
  return kind === 'read' || kind === 'write' || kind === 'savepoint' || kind === 'begin';
}

/** A statement of which even the text alone is larger than the server takes fails the same way for ever. */
function isOversized({ facts }: Session, { sql, values }: StatementOptions): boolean {
  let size = sql.length;
  for (const value of Array.isArray(values) ? values : []) {
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
