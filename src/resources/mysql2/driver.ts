import mysql2, { type ConnectionOptions } from 'mysql2';
import type { Condition, ConnectionLabel, DialContext, Driver } from '../../core/pool/index.js';
import { type Failure, Reason } from '../../errors/index.js';
import { stopStatement } from './cancel.js';
import { SideConnections } from './cancel-side.js';
import { classify, DIALING } from './classify.js';
import { listen } from './listen.js';
import { AT_DIAL, type FreshOptions, type ResolvedOptions } from './options.js';
import type { RawConnection } from './raw-connection.js';
import { askFacts } from './server-facts.js';
import { Session } from './session.js';
import { SilenceWatch } from './silence-watch.js';
import { issued, type Statement, statement } from './statement.js';

/** What mysql2's errors of a dial mean when it is no error of the network or a known one of the server. */
const REFUSED: Failure = {
  status: 'INTERNAL',
  reason: Reason.MISCONFIGURED,
  outcome: 'none',
  transient: false,
  fatal: true,
};

/** The statements that users sent from a pool's 'connection' event: part of a session as it is opened. */
const baselines = new WeakMap<Session, Statement[]>();

/** Adds a statement to those that make this session as it should be. */
export function addToBaseline(session: Session, added: Statement): void {
  const baseline = baselines.get(session) ?? [];
  baseline.push(added);
  baselines.set(session, baseline);
}

/** Connections to MySQL, through mysql2. */
export class MysqlDriver implements Driver<Session> {
  readonly #connection: ConnectionOptions;
  readonly #fresh: FreshOptions;
  readonly #sessions = new Set<Session>();
  readonly #silence: SilenceWatch;
  readonly #sides: SideConnections;
  #question = Math.floor(Math.random() * 1_000_000);

  constructor({ connection, fresh, pool, silenceMs }: ResolvedOptions) {
    this.#connection = connection;
    this.#fresh = fresh;
    this.#sides = new SideConnections({
      open: (signal) => this.#open({ signal, lost: () => undefined }),
      close: (session) => this.farewell(session),
    });
    this.#silence = new SilenceWatch({
      ...pool,
      silenceMs,
      sessions: this.#sessions,
      witness: (signal) => this.#open({ signal, lost: () => undefined }),
    });
  }

  async dial(context: DialContext): Promise<Session> {
    try {
      return this.#watch(await this.#open(context));
    } catch (error) {
      // A token may have been replaced after it was asked for: what is asked anew is tried once more.
      const refused = classify(error, DIALING)?.reason === Reason.MISCONFIGURED;
      if (!refused || !AT_DIAL.some((name) => typeof this.#fresh[name] === 'function')) throw error;
      return this.#watch(await this.#open(context));
    }
  }

  async #open({ signal, lost }: DialContext): Promise<Session> {
    const options = await atDial(this.#connection, this.#fresh);
    if (signal.aborted) throw signal.reason;
    const raw = mysql2.createConnection(options) as unknown as RawConnection;
    const giveUp = (): void => void raw.stream.destroy();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await connected(raw);
      const session = new Session(raw, await askFacts(raw));
      listen(session, () => {
        this.#sessions.delete(session);
        lost();
      });
      await this.#initialise(session);
      return session;
    } catch (error) {
      raw.stream.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Its statements are asked after when they fall silent; those of a witness are not. */
  #watch(session: Session): Session {
    this.#sessions.add(session);
    session.onIssued = () => this.#silence.attend();
    session.onStop = (ended) => stopStatement(this.#sides, session, ended);
    return session;
  }

  /**
   * Asks for a number that only this question has: bytes that nobody asked for, or the late reply to an
   * earlier statement, cannot be taken for the answer, and a proxy cannot answer in the server's place.
   */
  async probe(session: Session): Promise<void> {
    this.#question = (this.#question + 1) % 1_000_000_007;
    const question = this.#question;
    const rows = await issued(session, { ...PROBE, sql: { sql: `SELECT ${question}`, rowsAsArray: true } });
    if ((rows as unknown[][])[0]?.[0] !== question) throw new Error('the connection answered something else');
  }

  async reset(session: Session): Promise<void> {
    if (session.stopping !== undefined) {
      await session.stopping;
      if (this.condition(session) === 'clean') return;
    }
    const { databaseChanged, database } = session;
    await settled((callback) => session.raw.reset(callback));
    if (databaseChanged) await this.#useAgain(session, database);
    session.noteReset();
    await this.#initialise(session);
    for (const one of baselines.get(session) ?? []) await issued(session, one);
    session.noteReset();
  }

  drop(session: Session): void {
    this.#sessions.delete(session);
    session.kill();
  }

  farewell(session: Session): void {
    if (!session.open || session.busy) return session.kill();
    session.noteLost(undefined);
    session.raw.end();
    // The server closes after COM_QUIT; one that is gone never does.
    session.raw.stream.unref();
    setTimeout(() => session.kill(), FAREWELL_MS).unref();
  }

  isOpen(session: Session): boolean {
    return session.open;
  }

  condition(session: Session): Condition {
    if (!session.open || session.spoiled) return 'closed';
    if (session.stopping !== undefined) return 'dirty';
    if (session.busy) return 'busy';
    return session.inTransaction || session.altered ? 'dirty' : 'clean';
  }

  hold({ raw }: Session, held: boolean): void {
    if (held) raw.stream.ref();
    else raw.stream.unref();
  }

  classifyDial(error: unknown): Failure {
    return classify(error, DIALING) ?? REFUSED;
  }

  label({ id, database }: Session): ConnectionLabel {
    return { id, database };
  }

  idleLimitMs({ facts }: Session): number {
    return facts.waitTimeoutMs;
  }

  /** COM_RESET_CONNECTION keeps the database; none cannot be chosen again. */
  async #useAgain(session: Session, database: string | undefined): Promise<void> {
    if (database === undefined) throw new Error('the session had no database and has one now');
    await issued(session, statement('query', 'USE ??', [database]));
  }

  /** The session's init: what it does is how the session should be, so it counts as unaltered. */
  async #initialise(session: Session): Promise<void> {
    const { init } = this.#fresh;
    if (init === undefined) return;
    const query = (sql: string, values?: readonly unknown[]): Promise<unknown> =>
      issued(session, statement('query', sql, values));
    if (typeof init === 'function') await init(query);
    else for (const sql of typeof init === 'string' ? [init] : init) await query(sql);
    session.noteReset();
  }
}

const PROBE = statement('query', 'SELECT 1', undefined);
const FAREWELL_MS = 500;

/** mysql2's options with what is asked anew at every dial. */
async function atDial(connection: ConnectionOptions, fresh: FreshOptions): Promise<ConnectionOptions> {
  const options: Record<string, unknown> = { ...connection };
  for (const name of AT_DIAL) {
    const value = fresh[name];
    if (value === undefined) continue;
    options[name] = typeof value === 'function' ? await value() : value;
  }
  return options;
}

function connected(raw: RawConnection): Promise<void> {
  // mysql2 emits 'error' for whatever happens to an idle connection: without a listener that ends the process.
  raw.on('error', () => undefined);
  return settled((callback) => raw.connect(callback));
}

function settled(run: (callback: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
