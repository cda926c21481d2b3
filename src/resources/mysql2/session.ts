import { now } from '../../core/process/clock.js';
import type { RawCommand, RawConnection } from './raw-connection.js';
import type { ServerFacts } from './server-facts.js';
import type { Traits } from './traits.js';

/** Bit of the server's status: a transaction is open. */
const IN_TRANSACTION = 1;

/** One connection to a MySQL server, and what is known of the state of its session. */
export class Session {
  readonly raw: RawConnection;
  readonly facts: ServerFacts;
  /** The database that the session was opened with. */
  readonly database: string | undefined;
  /** What users hold of it. One object as long as the session is as it was opened; a reset makes a new one. */
  facade: object | undefined;
  /** Whether the open transaction was begun as one that only reads. */
  readOnly = false;
  /** When it was last heard of, or a statement sent while none ran; on the monotonic clock, in milliseconds. */
  heardAt: number = now();
  /** Called when a statement is sent. */
  onIssued: (() => void) | undefined;
  /** How the statement that runs is stopped on the server, if it can be; never rejects. See {@link stop}. */
  onStop: ((ended: Promise<void>) => Promise<void>) | undefined;
  /** Called once when the connection is lost. */
  onLost: ((error: unknown) => void) | undefined;

  #inTransaction = false;
  #altered = false;
  #databaseChanged = false;
  #wroteInTransaction = false;
  #resets = 0;
  #lost = false;
  #spoiled = false;
  #stopping: Promise<void> | undefined;

  constructor(raw: RawConnection, facts: ServerFacts) {
    this.raw = raw;
    this.facts = facts;
    this.database = raw.config.database;
  }

  /** The server's id of the connection. */
  get id(): number {
    return this.raw.threadId ?? 0;
  }

  /** Whether it is open as far as this process knows. mysql2's own `state` lags behind. */
  get open(): boolean {
    const { _closing, _fatalError, _protocolError, stream } = this.raw;
    return !(
      this.#lost ||
      _closing ||
      _fatalError ||
      _protocolError ||
      stream.destroyed ||
      stream.readableEnded ||
      !stream.writable
    );
  }

  /** Whether a command runs or waits on it. */
  get busy(): boolean {
    return Boolean(this.raw._command) || this.raw._commands.length > 0;
  }

  /** Whether a transaction is open, as far as replies told. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Whether anything was written in the open transaction. */
  get wroteInTransaction(): boolean {
    return this.#wroteInTransaction;
  }

  /** Whether the session is not as it was opened. */
  get altered(): boolean {
    return this.#altered || this.#databaseChanged;
  }

  /** Whether another database is in use than the session was opened with. */
  get databaseChanged(): boolean {
    return this.#databaseChanged;
  }

  /** How often it was made as new. */
  get resets(): number {
    return this.#resets;
  }

  /** Whether no reset can make it as it was opened: another user, for example. */
  get spoiled(): boolean {
    return this.#spoiled;
  }

  /** While a statement is being stopped: nothing may run on it before this resolves. */
  get stopping(): Promise<void> | undefined {
    return this.#stopping;
  }

  /** Notes that no reset can make it as it was opened. */
  noteSpoiled(): void {
    this.#altered = true;
    this.#spoiled = true;
  }

  /** Notes a statement before it is written: from then on it may alter the session. */
  noteIssued(traits: Traits): void {
    if (!this.busy) this.heardAt = now();
    this.onIssued?.();
    if (traits.alters) this.#altered = true;
    if (traits.kind === 'use') this.#databaseChanged = true;
  }

  /** Notes a statement that succeeded. */
  noteDone(traits: Traits, rows: unknown): void {
    const status = serverStatus(rows);
    if (status !== undefined) this.#inTransaction = (status & IN_TRANSACTION) !== 0;
    else if (traits.kind === 'begin') this.#inTransaction = true;
    else if (traits.kind === 'commit' || traits.kind === 'rollback') this.#inTransaction = false;
    if (!this.#inTransaction) this.readOnly = false;
    if (!this.#inTransaction || traits.kind === 'begin') this.#wroteInTransaction = false;
    else if (traits.writes) this.#wroteInTransaction = true;
  }

  /** Notes that the server rolled the transaction back by itself. */
  noteRolledBack(): void {
    this.#inTransaction = false;
    this.#wroteInTransaction = false;
  }

  /** Notes that the session was made as new. */
  noteReset(): void {
    this.#resets += 1;
    this.noteRolledBack();
    this.#altered = false;
    this.#databaseChanged = false;
    this.facade = undefined;
  }

  /** Notes that the connection is gone. */
  noteLost(error: unknown): void {
    if (this.#lost) return;
    this.#lost = true;
    this.onLost?.(error);
  }

  /**
   * Stops the statement that runs, because nobody wants its result any more: on the server where that is
   * possible, else with the connection.
   *
   * @param ended resolves when the statement's reply was read.
   */
  stop(ended: Promise<void>): void {
    if (this.#stopping !== undefined) return;
    if (this.onStop === undefined || this.facts.server === undefined) return this.kill();
    // What waits behind it must not be written.
    if (this.raw._commands.length > 0) this.kill();
    this.#stopping = this.onStop(ended).finally(() => {
      this.#stopping = undefined;
    });
  }

  /** Destroys the socket at once; mysql2's own `destroy` lets a running statement go on. */
  kill(error?: Error): void {
    this.#lost = true;
    this.raw.stream.destroy(error);
  }
}

/** Replies without rows carry the server's status; the last one of several counts. */
function serverStatus(rows: unknown): number | undefined {
  const last = Array.isArray(rows) ? rows.at(-1) : rows;
  const status = (last as { serverStatus?: unknown } | null | undefined)?.serverStatus;
  return typeof status === 'number' && 'affectedRows' in (last as object) ? status : undefined;
}

/** Whether a command has been written to its connection, at least in part. */
export function wasWritten(command: RawCommand | undefined): boolean {
  return command !== undefined && command.next !== null;
}
