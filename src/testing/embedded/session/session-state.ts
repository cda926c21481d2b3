import type { Value } from '../column.js';
import type { Engine } from '../engine/engine.js';
import { atOffset, dateTime } from '../sql/moment.js';
import type { SessionValues } from '../sql/session-values.js';
import type { SessionChange } from '../wire/replies.js';
import { Transaction } from './transaction.js';
import { type GlobalVariables, SessionVariables, settingText, settingValue } from './variables.js';

/** Who a session belongs to. */
export interface Identity {
  readonly threadId: number;
  readonly user: string;
  readonly host: string;
}

/** What a session remembers from one statement to the next. */
export class SessionState implements SessionValues {
  readonly identity: Identity;
  readonly global: GlobalVariables;
  readonly transaction: Transaction;
  database: string | undefined;
  variables: SessionVariables;
  lastInsertId = 0n;
  rowCount = 0;
  foundRows = 0;
  /** When the current statement began: its clock stands still. */
  statementTime: Date = new Date();
  readonly #userVariables: Map<string, Value> = new Map();
  #changes: SessionChange[] = [];

  constructor(identity: Identity, engine: Engine, global: GlobalVariables) {
    this.identity = identity;
    this.global = global;
    this.transaction = new Transaction(engine);
    this.variables = new SessionVariables(global, identity.threadId);
  }

  get threadId(): number {
    return this.identity.threadId;
  }

  get account(): string {
    return `${this.identity.user}@${this.identity.host}`;
  }

  get version(): string {
    return String(this.global.get('version'));
  }

  get autocommit(): boolean {
    return this.variables.get('autocommit') === true;
  }

  now(digits: number, zone?: 'utc'): string {
    const name = zone === 'utc' ? '+00:00' : String(this.variables.get('time_zone'));
    const [, sign, hours, minutes] =
      /^([-+])(\d\d?):(\d\d)$/.exec(/^utc$/i.test(name) ? '+00:00' : name) ?? [];
    if (sign === undefined) return dateTime(this.statementTime, digits);
    const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
    return dateTime(atOffset(this.statementTime, offset), digits);
  }

  systemVariable(name: string, scope: string | undefined): Value {
    if (scope === 'global') return settingValue(this.global.get(name));
    if (name === 'last_insert_id' || name === 'identity') return this.lastInsertId;
    if (name === 'warning_count' || name === 'error_count') return 0n;
    return settingValue(this.variables.get(name));
  }

  userVariable(name: string): Value {
    return this.#userVariables.get(name) ?? null;
  }

  setUserVariable(name: string, value: Value): void {
    this.#userVariables.set(name, value);
  }

  /** Sets a variable of the session and takes note of it for clients that track it. */
  setVariable(name: string, value: Value | undefined): void {
    const taken = this.variables.set(name, value);
    const tracked = String(this.variables.get('session_track_system_variables')).toLowerCase();
    if (tracked !== '*' && !tracked.split(/\s*,\s*/).includes(name)) return;
    this.#changes.push({ kind: 'variable', name, value: settingText(taken) });
  }

  useDatabase(name: string): void {
    this.database = name;
    if (this.variables.get('session_track_schema') === true) this.#changes.push({ kind: 'schema', name });
  }

  /** Takes what has changed since the last reply. */
  takeChanges(): readonly SessionChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** As after COM_RESET_CONNECTION: all is as in a new session, but for the database. */
  reset(): void {
    this.transaction.rollback();
    this.transaction.declareNextReadOnly(false);
    this.variables = new SessionVariables(this.global, this.threadId);
    this.#userVariables.clear();
    this.#changes = [];
    this.lastInsertId = 0n;
    this.rowCount = 0;
  }
}
