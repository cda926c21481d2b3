import { STATUS } from '../../protocol/flags.js';
import type { Engine } from '../engine/engine.js';
import { errors, MysqlError } from '../mysql-error.js';
import { quotedName } from '../sql/render.js';

type State =
  | { readonly kind: 'none' }
  /** Begun by the client, but no table was touched yet: others may go on. */
  | { readonly kind: 'declared'; readonly readOnly: boolean; readonly savepoints: readonly string[] }
  /** Holds the lock. */
  | { readonly kind: 'running'; readonly readOnly: boolean };

/** How a statement takes the lock. */
interface Entry {
  readonly autocommit: boolean;
  readonly foreignKeyChecks: boolean;
  readonly lockWaitMs: number;
  /** Aborted by KILL. */
  readonly signal: AbortSignal;
}

const NONE: State = { kind: 'none' };

/** The transaction of a session. */
export class Transaction {
  readonly #engine: Engine;
  #state: State = NONE;
  /** SET TRANSACTION READ ONLY is for the next one only. */
  #nextIsReadOnly = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The flags that tell a client of it. */
  get status(): number {
    if (this.#state.kind === 'none') return 0;
    return STATUS.IN_TRANS | (this.#state.readOnly ? STATUS.IN_TRANS_READONLY : 0);
  }

  get open(): boolean {
    return this.#state.kind !== 'none';
  }

  get readOnly(): boolean {
    return this.#state.kind === 'none' ? this.#nextIsReadOnly : this.#state.readOnly;
  }

  declareNextReadOnly(readOnly: boolean): void {
    this.#nextIsReadOnly = readOnly;
  }

  /** Begins one, and commits the one before. */
  start(readOnly: boolean = this.#nextIsReadOnly): void {
    this.commit();
    this.#nextIsReadOnly = false;
    this.#state = { kind: 'declared', readOnly, savepoints: [] };
  }

  commit(): void {
    this.#finish('COMMIT');
  }

  rollback(): void {
    this.#finish('ROLLBACK');
  }

  /** Sets, releases or goes back to a savepoint. Without a transaction, setting one does nothing. */
  savepoint(action: 'SAVEPOINT' | 'RELEASE' | 'ROLLBACK TO', name: string): void {
    if (this.#state.kind === 'running') {
      this.#engine.run(`${action} ${quotedName(name)}`);
    } else if (this.#state.kind === 'declared') {
      this.#state = { ...this.#state, savepoints: moved(this.#state.savepoints, action, name) };
    } else if (action !== 'SAVEPOINT') {
      throw noSavepoint(name);
    }
  }

  /**
   * Takes the lock for a statement that touches tables, and begins the transaction in earnest if there is
   * one. To be followed by {@link leave}.
   */
  async enter({ autocommit, foreignKeyChecks, lockWaitMs, signal }: Entry): Promise<void> {
    await this.#engine.lock.acquire(this, lockWaitMs, signal);
    if (signal.aborted) {
      this.leave();
      throw errors.interrupted();
    }
    if (this.#state.kind === 'none' && !autocommit) this.start();
    if (this.#state.kind !== 'running') this.#engine.foreignKeyChecks = foreignKeyChecks;
    if (this.#state.kind !== 'declared') return;
    const { readOnly, savepoints } = this.#state;
    this.#engine.run('BEGIN');
    for (const name of savepoints) this.#engine.run(`SAVEPOINT ${quotedName(name)}`);
    this.#state = { kind: 'running', readOnly };
  }

  /** Gives the lock back, unless the transaction goes on. */
  leave(): void {
    if (this.#state.kind !== 'running') this.#engine.lock.release(this);
  }

  #finish(how: 'COMMIT' | 'ROLLBACK'): void {
    const { kind } = this.#state;
    this.#state = NONE;
    if (kind === 'running') this.#engine.run(how);
    this.#engine.lock.release(this);
  }
}

/** Savepoints that wait for the transaction to begin. */
function moved(
  savepoints: readonly string[],
  action: 'SAVEPOINT' | 'RELEASE' | 'ROLLBACK TO',
  name: string,
): string[] {
  if (action === 'SAVEPOINT') return [...savepoints.filter((other) => other !== name), name];
  const at = savepoints.indexOf(name);
  if (at < 0) throw noSavepoint(name);
  return savepoints.slice(0, action === 'RELEASE' ? at : at + 1);
}

function noSavepoint(name: string): MysqlError {
  return new MysqlError(1305, '42000', `SAVEPOINT ${name} does not exist`);
}
