import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { connectionUri } from '../../connection-uri.js';
import { LOOPBACK, listen } from '../../free-port.js';
import { Engine } from '../engine/engine.js';
import { errors, MysqlError } from '../mysql-error.js';
import { GlobalVariables } from '../session/variables.js';
import type { ServerAccess } from '../statements/context.js';
import { PacketChannel } from '../wire/packet-channel.js';
import { earlyErrorPacket } from '../wire/replies.js';
import { Session } from './session.js';
import type { SessionHost } from './session-host.js';

const VERSION = '8.0.36-fresh-connections-embedded';
const DEFAULT_DATABASE = 'test';
const DEFAULT_MAX_CONNECTIONS = 151;
const NOTHING_SENT = -1;

/** How an {@link EmbeddedServer} is started. */
export interface EmbeddedServerOptions {
  /** Where to listen on 127.0.0.1; default: a free port. */
  readonly port?: number;
  /** The only account; default `root`. */
  readonly user?: string;
  /** Default: none. */
  readonly password?: string;
  /** A database that is there from the beginning; default `test`. */
  readonly database?: string;
  /** The initial value of `max_connections`; default 151. */
  readonly maxConnections?: number;
}

/**
 * A small MySQL server within this process, on 127.0.0.1: SQLite in memory (the package `sql.js`) behind
 * the MySQL protocol. For demonstrations, and for tests where no real server is installed.
 *
 * It is true to MySQL in what concerns connections and transactions: connection ids, `wait_timeout` (error
 * 4031), `max_connections`, KILL, COM_RESET_CONNECTION, COM_CHANGE_USER, status flags, session tracking,
 * savepoints, read-only transactions and servers, `innodb_lock_wait_timeout`, rollback of what a lost
 * connection left open, error numbers and SQLSTATEs. It runs ordinary SQL of ordinary tables.
 *
 * What is different, or missing:
 * - One session at a time reads or writes; all others wait, readers too. There are no deadlocks (1213).
 * - TLS, compression, LOAD DATA, cursors, accounts and privileges, replication; nobody is exempt from
 *   `read_only`.
 * - Views, triggers, procedures, temporary tables, UPDATE and DELETE of several tables, ALTER TABLE beyond
 *   columns and indexes, FULLTEXT, GET_LOCK, EXPLAIN, most of the information schema, all of `mysql` and
 *   `performance_schema`.
 * - DECIMAL is computed in floating point; BIGINT UNSIGNED ends at 2^63 - 1; dates are compared as text;
 *   collations ignore the case of ASCII letters only; `SLEEP` takes a literal and sleeps once a statement.
 * - An UPDATE reports the rows it matched as changed; error 1062 does not tell the value.
 */
export class EmbeddedServer {
  readonly host: string = LOOPBACK;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly #engine: Engine;
  readonly #settings: Readonly<Record<string, string | number | boolean>>;
  readonly #sessions: Map<number, Session> = new Map();
  #global: GlobalVariables;
  #listener: Server | undefined;
  #lastThreadId = 0;
  #startedAt: number = performance.now();
  #frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | undefined;
  #stopped: Promise<void> | undefined;

  /** Starts a server. Rejects when the port is taken, and when the package `sql.js` is missing. */
  static async start(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
    const { maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
    if (!(Number.isInteger(maxConnections) && maxConnections >= 1)) {
      throw new RangeError(`maxConnections must be a whole number from 1, not ${maxConnections}`);
    }
    const engine = await Engine.open();
    const listener = createListener();
    const port = await listen(listener, options.port);
    return new EmbeddedServer(options, engine, listener, port, maxConnections);
  }

  private constructor(
    options: EmbeddedServerOptions,
    engine: Engine,
    listener: Server,
    port: number,
    maxConnections: number,
  ) {
    this.port = port;
    this.user = options.user ?? 'root';
    this.password = options.password ?? '';
    this.database = options.database ?? DEFAULT_DATABASE;
    this.#engine = engine;
    this.#settings = { max_connections: maxConnections, port, server_uuid: randomUUID(), version: VERSION };
    this.#global = new GlobalVariables(this.#settings);
    engine.catalog.addDatabase(this.database, true);
    this.#attend(listener);
  }

  /** `mysql://user:password@host:port/database`. */
  get uri(): string {
    return connectionUri(this, this.database);
  }

  /** How many connections there are. */
  get connectionCount(): number {
    return this.#sessions.size;
  }

  /** Sets a global variable, as SET GLOBAL does. */
  setGlobal(name: string, value: string | number | boolean): void {
    this.#global.set(name.toLowerCase(), typeof value === 'boolean' ? Number(value) : value);
  }

  /** Kills all connections; resolves to their number once they are gone. */
  async killAll(): Promise<number> {
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.end('fin');
    await Promise.all(sessions.map(({ ended }) => ended));
    return sessions.length;
  }

  /**
   * Ends as if the process had been killed: all sockets are reset at once, nobody listens any more, open
   * transactions are rolled back. What was committed stays.
   */
  crash(): Promise<void> {
    return this.#goDown('reset');
  }

  /**
   * Listens again on the same port, after {@link crash} or an orderly end of all connections. Connection
   * ids start anew and global variables have their initial values.
   */
  async restart(): Promise<void> {
    if (this.#stopped) throw new Error('the server was stopped: its data is gone');
    await this.#goDown('fin');
    this.#lastThreadId = 0;
    this.#startedAt = performance.now();
    this.#global = new GlobalVariables(this.#settings);
    const listener = createListener();
    await listen(listener, this.port);
    this.#attend(listener);
  }

  /** Stops in its tracks: connections stay open, new ones are accepted, and nothing answers. */
  freeze(): void {
    if (this.#frozen) return;
    let thaw: () => void = () => {};
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    this.#frozen = { thawed, thaw };
  }

  /** Goes on after {@link freeze}. */
  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  /** Ends for good; the data is gone. */
  stop(): Promise<void> {
    this.#stopped ??= this.#goDown('fin').then(() => this.#engine.close());
    return this.#stopped;
  }

  /** The same as {@link stop}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #goDown(how: 'fin' | 'reset'): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    const sessions = [...this.#sessions.values()];
    // All are interrupted before the first gives up the lock, for nobody is to take it over.
    for (const session of sessions) session.interrupt();
    for (const session of sessions) session.end(how);
    this.thaw();
    await Promise.all(sessions.map(({ ended }) => ended));
  }

  #attend(listener: Server): void {
    this.#listener = listener;
    listener.on('error', () => {});
    listener.on('connection', (socket) => this.#welcome(socket));
  }

  #welcome(socket: Socket): void {
    if (this.#sessions.size >= this.#global.number('max_connections')) {
      const error = new MysqlError(1040, '08004', 'Too many connections');
      new PacketChannel(socket).send([earlyErrorPacket(error)], NOTHING_SENT);
      socket.destroySoon();
      return;
    }
    const threadId = ++this.#lastThreadId;
    const session = new Session(threadId, socket, this.#sessionHost());
    this.#sessions.set(threadId, session);
    void session.ended.then(() => {
      if (this.#sessions.get(threadId) === session) this.#sessions.delete(threadId);
    });
  }

  #sessionHost(): SessionHost {
    return {
      access: this.#access,
      global: this.#global,
      user: this.user,
      password: this.password,
      thawed: async () => this.#frozen?.thawed,
    };
  }

  get #access(): ServerAccess {
    return {
      engine: this.#engine,
      processes: () => [...this.#sessions.values()].map((session) => session.process),
      kill: (id, what) => {
        const session = this.#sessions.get(id);
        if (!session) throw errors.unknownThread(id);
        if (what === 'query') session.interrupt();
        else session.end('fin');
      },
      status: () => ({
        Threads_connected: this.#sessions.size,
        Uptime: Math.floor((performance.now() - this.#startedAt) / 1000),
      }),
    };
  }
}

function createListener(): Server {
  // Half-open: a client that sends no more still gets the reply to what it sent.
  return createServer({ allowHalfOpen: true, noDelay: true });
}
