import { EventEmitter } from 'node:events';
import mysql2 from 'mysql2';
import { type Call, currentCall } from '../../core/call/index.js';
import type { Entry } from '../../core/pool/index.js';
import { mayRepeat } from '../../core/repair/may-repeat.js';
import { type Failure, recordFailure } from '../../errors/index.js';
import { statementArguments } from './arguments.js';
import { classify, DIALING } from './classify.js';
import { addToBaseline } from './driver.js';
import { promiseConnection } from './promise-connection.js';
import type { RawCommand, RawConnection, ResultCallback } from './raw-connection.js';
import type { MysqlResource } from './resource.js';
import type { Session } from './session.js';
import { issue, type Settle, type Statement, statement } from './statement.js';
import type { MysqlTransaction } from './transaction.js';

type Callback = (error: unknown, result?: unknown) => void;

/** What a held connection runs on. `'joined'`: on the connection of the call's transaction, which is not its own. */
export type Hold =
  | { readonly kind: 'none' }
  | { readonly kind: 'entry'; readonly entry: Entry<Session> }
  | { readonly kind: 'joined'; readonly transaction: MysqlTransaction }
  | { readonly kind: 'over'; readonly why: string };

/**
 * Stands in for mysql2's Connection. It holds a session and exchanges it for a new one when it was lost while
 * nothing of its state mattered: no transaction open, nothing altered, nothing else under way.
 */
export class FreshConnection extends EventEmitter {
  protected readonly resource: MysqlResource;
  #hold: Hold;
  #outstanding = 0;
  #renewing: Promise<Session> | undefined;
  /** While a pool's 'connection' event is told, statements are part of the session's baseline. */
  #recording = false;

  constructor(resource: MysqlResource, hold: Hold) {
    super();
    this.resource = resource;
    this.#hold = hold;
    if (hold.kind === 'entry') this.#attach(hold.entry);
  }

  // ---- what it holds

  protected get hold(): Hold {
    return this.#hold;
  }

  /** The entry goes; the holder can use this connection no more. */
  protected let(why: string): Entry<Session> | undefined {
    const entry = this.#hold.kind === 'entry' ? this.#hold.entry : undefined;
    if (this.#hold.kind !== 'over') this.#hold = { kind: 'over', why };
    return entry;
  }

  /** Lends it again: the session is one that this connection held before. */
  holdAgain(entry: Entry<Session>): void {
    this.#hold = { kind: 'entry', entry };
    this.#attach(entry);
  }

  /** Runs listeners of a pool's 'connection' event: what they send makes the session as it should be. */
  record(tell: () => void): void {
    this.#recording = true;
    try {
      tell();
    } finally {
      this.#recording = false;
    }
  }

  get #session(): Session | undefined {
    if (this.#hold.kind === 'entry') return this.#hold.entry.connection;
    return this.#hold.kind === 'joined' ? this.#hold.transaction.session : undefined;
  }

  get #raw(): RawConnection | undefined {
    return this.#session?.raw;
  }

  #attach(entry: Entry<Session>): void {
    const session = entry.connection;
    session.facade = this;
    session.onLost = (error) => {
      if (this.#session !== session || this.#hold.kind !== 'entry') return;
      // As with mysql2, who listens is told; unlike there, who does not is not ended by it.
      if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', error);
      this.emit('end');
    };
  }

  // ---- statements

  query(sql: unknown, values?: unknown, callback?: unknown): EventEmitter {
    return this.#statement('query', sql, values, callback);
  }

  execute(sql: unknown, values?: unknown, callback?: unknown): EventEmitter {
    return this.#statement('execute', sql, values, callback);
  }

  #statement(protocol: Statement['protocol'], sql: unknown, values: unknown, last: unknown): EventEmitter {
    const { callback, ...args } = statementArguments(sql, values, last);
    const done = callback ?? (sql as Partial<RawCommand> | null | undefined)?.onResult;
    const request = statement(protocol, args.sql, args.values);
    if (done === undefined) return this.#stream(request);
    const settle: Settle = (error, _failure, rows, fields) =>
      (done as ResultCallback)(error, rows, fields as never);
    return this.#send(request, settle) ?? new EventEmitter();
  }

  beginTransaction(callback?: unknown): EventEmitter {
    return this.query('START TRANSACTION', callback ?? ignore);
  }

  commit(callback?: unknown): EventEmitter {
    return this.query('COMMIT', callback ?? ignore);
  }

  rollback(callback?: unknown): EventEmitter {
    return this.query('ROLLBACK', callback ?? ignore);
  }

  /** Sends a statement; `undefined` when it has to wait for a session. */
  #send(request: Statement, settle: Settle): RawCommand | undefined {
    const hold = this.#hold;
    if (hold.kind === 'over') return fail(settle, hold.why);
    if (hold.kind === 'joined') {
      hold.transaction.run(request, settle);
      return undefined;
    }
    const session = this.#session;
    if (this.#renewing !== undefined || session === undefined || (!session.open && this.#mayRenew(session))) {
      this.#onceReady(settle, () => this.#send(request, settle));
      return undefined;
    }
    if (this.#recording) addToBaseline(session, request);
    return this.#issue(session, request, settle, currentCall());
  }

  #issue(
    session: Session,
    request: Statement,
    settle: Settle,
    call: Call | undefined,
  ): RawCommand | undefined {
    const alone = this.#outstanding === 0;
    this.#outstanding += 1;
    const inTransaction = session.inTransaction;
    const wrote = session.wroteInTransaction;
    const recorded = this.#recording ? { ...request, traits: { ...request.traits, alters: false } } : request;
    return issue(session, recorded, call, (error, failure, rows, fields) => {
      this.#outstanding -= 1;
      if (error === null) {
        const { traits } = request;
        // Inside a transaction a write counts when it is committed.
        if (traits.writes && !session.inTransaction) call?.noteEffect();
        if (traits.kind === 'commit' && wrote) call?.noteEffect();
        return settle(null, undefined, rows, fields);
      }
      if (failure?.outcome === 'unknown') call?.noteEffect();
      const renewable =
        alone && !inTransaction && failure !== undefined && this.#mayRepeat(session, failure, call);
      if (!renewable) return settle(error, failure);
      this.#onceReady(settle, () => this.#send(request, settle));
      return undefined;
    });
  }

  #mayRepeat(session: Session, failure: Failure, call: Call | undefined): boolean {
    if (!failure.fatal || !mayRepeat(failure, false) || call?.aborted !== undefined) return false;
    return this.#mayRenew(session) && (call === undefined || call.budget.take(call.deadlineAt, failure));
  }

  /** Whether nothing is lost with the session but the session. */
  #mayRenew(session: Session): boolean {
    return (
      this.#outstanding === 0 && !session.inTransaction && !session.altered && this.#hold.kind !== 'over'
    );
  }

  #onceReady(settle: Settle, then: () => unknown): void {
    this.renew().then(
      // A command has a `then` that throws: it must not become the result of a promise.
      () => void then(),
      (error: unknown) => settle(error, undefined),
    );
  }

  /** Exchanges the session for a new one, or takes the first. Those who ask meanwhile share it. */
  protected renew(): Promise<Session> {
    this.#renewing ??= this.#takeSession().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #takeSession(): Promise<Session> {
    const { pool } = this.resource;
    if (this.#hold.kind === 'entry') {
      if (this.#hold.entry.connection.open) return this.#hold.entry.connection;
      pool.discard(this.#hold.entry, true);
    }
    const entry = await pool.take({ call: currentCall(), urgent: true });
    if (this.#hold.kind === 'over') {
      pool.give(entry);
      throw overError(this.#hold.why);
    }
    this.#hold = { kind: 'entry', entry };
    this.#attach(entry);
    return entry.connection;
  }

  /** A statement without a callback: its events go to the caller as they come, so it is never repeated. */
  #stream(request: Statement): EventEmitter {
    const session = this.#session;
    if (session === undefined || this.#renewing !== undefined) return this.#lateStream(request);
    const { traits, sql, values, protocol } = request;
    session.noteIssued(traits);
    if (traits.kind !== 'read' && traits.kind !== 'write') session.noteDone(traits, undefined);
    const call = currentCall();
    if (traits.writes) call?.noteEffect();
    this.#outstanding += 1;
    const command = session.raw[protocol](sql, values);
    const removeAbort = call?.onAbort(() => session.stop(ended(command)));
    command.once('end', () => {
      this.#outstanding -= 1;
      removeAbort?.();
    });
    return command;
  }

  #lateStream(request: Statement): EventEmitter {
    const stand = new EventEmitter();
    this.renew().then(
      () => {
        const command = this.#stream(request);
        for (const event of ['fields', 'result', 'error', 'end']) {
          command.on(event, (...args: unknown[]) => stand.emit(event, ...args));
        }
      },
      (error: unknown) => stand.emit('error', error),
    );
    return stand;
  }

  // ---- the rest of mysql2's interface

  connect(callback?: unknown): void {
    const done = (callback ?? ignore) as Callback;
    this.renew().then(
      () => done(null, this),
      (error: unknown) => done(error),
    );
  }

  ping(callback?: unknown): void {
    this.#with((callback ?? ignore) as Callback, (raw, done) => raw.ping(done));
  }

  /** Makes the session as it was opened, init statements included. */
  reset(callback?: unknown): void {
    const done = (callback ?? ignore) as Callback;
    const session = this.#session;
    if (session === undefined) return this.connect((error: unknown) => done(error));
    this.resource.driver.reset(session).then(
      () => {
        session.facade = this;
        done(null);
      },
      (error: unknown) => done(recorded(error)),
    );
  }

  prepare(options: unknown, callback?: unknown): unknown {
    this.#session?.noteIssued(ALTERING);
    return (this.#need() as unknown as Preparing).prepare(options, callback);
  }

  unprepare(sql: unknown): unknown {
    return (this.#need() as unknown as Preparing).unprepare(sql);
  }

  changeUser(options: unknown, callback?: unknown): unknown {
    this.#session?.noteSpoiled();
    return (this.#need() as unknown as Preparing).changeUser(options, callback);
  }

  pause(): void {
    (this.#need() as unknown as Preparing).pause();
  }

  resume(): void {
    (this.#need() as unknown as Preparing).resume();
  }

  createBinlogStream(options: unknown): unknown {
    this.#session?.noteSpoiled();
    return (this.#need() as unknown as Preparing).createBinlogStream(options);
  }

  /** Parts with the server once what is under way is done. */
  end(callback?: unknown): void {
    const done = (callback ?? ignore) as Callback;
    const entry = this.let('it was ended');
    if (entry !== undefined) this.resource.pool.give(entry);
    this.resource.drain(END_GRACE_MS).then(
      () => {
        this.emit('end');
        done(null);
      },
      (error: unknown) => done(error),
    );
  }

  /** Closes the socket at once. */
  destroy(): void {
    const entry = this.let('it was destroyed');
    if (entry !== undefined) this.resource.pool.discard(entry);
    void this.resource.drain(0);
  }

  close(): void {
    this.destroy();
  }

  promise(promiseImpl?: PromiseConstructor): unknown {
    return promiseConnection(this, promiseImpl);
  }

  [Symbol.dispose](): void {
    if (this.#hold.kind !== 'over') this.end();
  }

  #with(done: Callback, run: (raw: RawConnection, done: (error: unknown) => void) => void): void {
    this.renew().then(
      ({ raw }) => run(raw, (error) => done(recorded(error))),
      (error: unknown) => done(error),
    );
  }

  #need(): RawConnection {
    if (this.#hold.kind === 'over') throw overError(this.#hold.why);
    if (this.#raw === undefined) throw new Error('the connection is not open yet: wait for connect()');
    return this.#raw;
  }

  get config(): unknown {
    return this.#raw?.config ?? this.resource.connectionConfig;
  }

  get threadId(): number | null {
    return this.#raw?.threadId ?? null;
  }

  get stream(): unknown {
    return this.#raw?.stream;
  }

  get state(): string {
    if (this.#session === undefined)
      return this.#hold.kind === 'over' ? 'disconnected' : 'protocol_handshake';
    return this.#session.open ? 'authenticated' : 'disconnected';
  }

  get authorized(): boolean {
    return this.#raw?.authorized ?? false;
  }

  get _closing(): boolean {
    return this.#hold.kind === 'over' || this.#session?.open === false;
  }

  get _fatalError(): unknown {
    return this.#raw?._fatalError ?? null;
  }

  get _protocolError(): unknown {
    return this.#raw?._protocolError ?? null;
  }
}

// `instanceof mysql2.Connection` holds, and what is not defined here (escape, format, raw) works as there.
Object.setPrototypeOf(
  FreshConnection.prototype,
  (mysql2 as unknown as { Connection: { prototype: object } }).Connection.prototype,
);

/** What is passed on to mysql2's connection as it is. */
interface Preparing {
  prepare(options: unknown, callback: unknown): unknown;
  unprepare(sql: unknown): unknown;
  changeUser(options: unknown, callback: unknown): unknown;
  pause(): void;
  resume(): void;
  createBinlogStream(options: unknown): unknown;
}

const END_GRACE_MS = 10_000;
const ALTERING = statement('query', 'PREPARE', undefined).traits;

function ignore(): void {
  // mysql2 lets these be called without a callback.
}

/** A command that has ended is still current while its end is being told. */
function ended(command: RawCommand): Promise<void> {
  return new Promise((resolve) => command.once('end', () => process.nextTick(resolve)));
}

function overError(why: string): Error {
  return new Error(`this connection cannot be used any more: ${why}`);
}

function fail(settle: Settle, why: string): undefined {
  process.nextTick(() => settle(overError(why), undefined));
  return undefined;
}

function recorded(error: unknown): unknown {
  if (error === null || error === undefined) return error;
  const failure = classify(error, DIALING);
  return failure === undefined ? error : recordFailure(error, failure);
}
