import { EventEmitter } from 'node:events';
import mysql2 from 'mysql2';
import { checkTransactionOptions } from '../../core/call/options.js';
import type { Entry, PoolStats } from '../../core/pool/index.js';
import type { TransactionOptions } from '../../core/registry/resource.js';
import { statementArguments } from './arguments.js';
import { type FreshPoolOptions, resolveOptions } from './options.js';
import { borrower, FreshPoolConnection, poolConnectionOf } from './pool-connection.js';
import { FreshPromisePool } from './promise-pool.js';
import type { RawCommand, ResultCallback } from './raw-connection.js';
import { MysqlResource } from './resource.js';
import { runStatement } from './run-statement.js';
import type { Session } from './session.js';
import { statement } from './statement.js';

type ConnectionCallback = (error: unknown, connection?: FreshPoolConnection) => void;

/** Stands in for mysql2's Pool. */
export class FreshPool extends EventEmitter {
  readonly resource: MysqlResource;
  readonly config: unknown;
  #promisePool: FreshPromisePool | undefined;

  /** @throws TypeError or RangeError that names option and value; RangeError when the name is in use. */
  constructor(options: string | FreshPoolOptions, register = true) {
    super();
    const resolved = resolveOptions(options);
    this.resource = new MysqlResource(resolved, {
      register,
      events: {
        opened: (entry) => this.#opened(entry),
        reconnected: (before, after) => this.emit('reconnect', { before, after }),
      },
    });
    this.config = { ...resolved.pool, connectionConfig: this.resource.connectionConfig };
  }

  get stats(): PoolStats {
    return this.resource.pool.stats;
  }

  get _closed(): boolean {
    return this.resource.pool.closed;
  }

  getConnection(callback: ConnectionCallback): void {
    const transaction = this.resource.current;
    if (transaction !== undefined) {
      const hold = { kind: 'joined', transaction } as const;
      process.nextTick(callback, null, new FreshPoolConnection(this.resource, hold, () => undefined));
      return;
    }
    const by = borrower(this.getConnection);
    if (this.listenerCount('enqueue') > 0 && this.#full) this.emit('enqueue');
    this.resource.take().then(
      (entry) => {
        const connection = poolConnectionOf(this.resource, entry, this.#released);
        if (by !== undefined) connection.lendTo(by);
        this.emit('acquire', connection);
        callback(null, connection);
      },
      (error: unknown) => callback(error),
    );
  }

  releaseConnection(connection: { release(): void }): void {
    connection.release();
  }

  query(sql: unknown, values?: unknown, callback?: unknown): unknown {
    const { callback: done, ...args } = statementArguments(sql, values, callback);
    if (done === undefined) return this.#stream(args.sql, args.values);
    this.#run('query', args.sql, args.values, done);
    return undefined;
  }

  execute(sql: unknown, values?: unknown, callback?: unknown): void {
    const { callback: done, ...args } = statementArguments(sql, values, callback);
    this.#run('execute', args.sql, args.values, done ?? (() => undefined));
  }

  /**
   * Runs work in a transaction: statements of the pool inside it join. It runs again as a whole when it surely
   * rolled back; inside another one it is a savepoint.
   */
  async transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    checkTransactionOptions('transaction', options);
    return this.resource.transaction(work, options);
  }

  /** Takes no new work, waits for what is under way, then closes. */
  end(callback?: unknown): void {
    void this.resource.drain(END_GRACE_MS).then(() => {
      if (typeof callback === 'function') callback(null);
    });
  }

  promise(): FreshPromisePool {
    this.#promisePool ??= new FreshPromisePool(this);
    return this.#promisePool;
  }

  format(sql: string, values?: unknown): string {
    const { stringifyObjects, timezone } = this.resource.connectionConfig;
    return mysql2.format(sql, values as never, stringifyObjects, timezone as never);
  }

  escape(value: unknown): string {
    const { stringifyObjects, timezone } = this.resource.connectionConfig;
    return mysql2.escape(value as never, stringifyObjects, timezone as never);
  }

  escapeId(value: string): string {
    return mysql2.escapeId(value, false);
  }

  [Symbol.dispose](): void {
    if (!this._closed) this.end();
  }

  get #full(): boolean {
    const { idle, lent, dialing } = this.stats;
    return idle === 0 && lent + dialing >= this.resource.pool.options.maxConnections;
  }

  #run(protocol: 'query' | 'execute', sql: unknown, values: unknown, done: ResultCallback): void {
    const request = statement(protocol, sql, values);
    runStatement(this.resource, request, (error, _failure, rows, fields) =>
      done(error, rows, fields as never),
    );
  }

  /** Without a callback the rows go to the caller as they come: one connection, no repeat. */
  #stream(sql: unknown, values: unknown): RawCommand {
    const { createQuery } = mysql2 as unknown as { createQuery: CreateQuery };
    const command = createQuery(sql, values, undefined, this.resource.connectionConfig);
    this.getConnection((error, connection) => {
      if (connection === undefined) return void command.emit('error', error);
      // The command is still current while it tells of its end.
      command.once('end', () => process.nextTick(() => connection.release()));
      connection.query(command);
    });
    return command;
  }

  /** Listeners of 'connection' prepare the session: what they send belongs to it from then on. */
  #opened(entry: Entry<Session>): void {
    if (this.listenerCount('connection') === 0) return;
    const connection = poolConnectionOf(this.resource, entry, this.#released);
    connection.record(() => this.emit('connection', connection));
  }

  readonly #released = (connection: FreshPoolConnection): void => {
    this.emit('release', connection);
  };
}

type CreateQuery = (sql: unknown, values: unknown, callback: undefined, config: object) => RawCommand;

const END_GRACE_MS = 10_000;
