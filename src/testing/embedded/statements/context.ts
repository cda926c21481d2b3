import type { Engine } from '../engine/engine.js';
import type { Result } from '../result.js';
import type { SessionState } from '../session/session-state.js';
import type { Token } from '../sql/token.js';

/** A line of the process list. */
export interface Process {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  readonly database: string | undefined;
  readonly command: 'Query' | 'Sleep';
  readonly seconds: number;
  readonly info: string | undefined;
}

/** What statements need of the server. */
export interface ServerAccess {
  readonly engine: Engine;
  processes(): readonly Process[];
  /** Kills a connection, or what it is running. Throws MysqlError 1094 when there is none. */
  kill(id: number, what: 'connection' | 'query'): void;
  /** What SHOW STATUS shows. */
  status(): Readonly<Record<string, string | number>>;
}

/** Where a statement is run. */
export interface StatementContext {
  readonly server: ServerAccess;
  readonly session: SessionState;
  /** Aborted by KILL, with the error to report. */
  readonly signal: AbortSignal;
  /** The text that the tokens are of. */
  readonly sql: string;
}

/** Carries out one kind of statement. */
export type StatementHandler = (
  tokens: readonly Token[],
  context: StatementContext,
) => Result | Promise<Result>;
