import { bounded } from '../../core/pool/bounded.js';
import { now } from '../../core/process/clock.js';
import { errorFields, logger } from '../../core/process/logger.js';
import { isSameServer, isSameSession } from './cancel-proof.js';
import type { Session } from './session.js';
import { issued, statement } from './statement.js';

/** What a watch needs of its driver. */
export interface Watched {
  /** The sessions that are open. */
  readonly sessions: Iterable<Session>;
  /** Opens a session that only the watch uses. */
  readonly witness: (signal: AbortSignal) => Promise<Session>;
  readonly name: string;
  /** How long a statement may be silent before it is asked after, in milliseconds; 0 for ever. */
  readonly silenceMs: number;
  /** How long one dial of a witness may take, in milliseconds. */
  readonly dialTimeoutMs: number;
  /** How long nobody may be reached before silent connections are given up, in milliseconds. */
  readonly outageBufferMs: number;
}

/** What is known of a silent session. Times on the monotonic clock, in milliseconds. */
interface Silence {
  /** What it was silent since when it was first asked after: it spoke, if that changed. */
  readonly since: number;
  readonly askAgainAt: number;
  readonly askedTimes: number;
  /** Whether the server said that it runs nothing. */
  readonly atRest: boolean;
}

/** Between two answers that the server runs nothing: a reply may have been on its way at the first. */
const AT_REST_AGAIN_MS = 100;
const ANSWER_MS = 1_000;
const RUNNING_COMMANDS =
  'SELECT ID AS id, COMMAND AS command FROM information_schema.PROCESSLIST WHERE ID IN (?)';

/**
 * Notices that the reply to a running statement will never come. A firewall that forgot the connection, or a
 * network that lost it for good, tells nobody: TCP gives up after about a quarter of an hour. So after some
 * silence the server is asked, on a connection of its own, whether it still runs the statement. If it does,
 * nothing happens, however long it takes; if it does not, the connection is dead, and the rule of repair
 * applies.
 */
export class SilenceWatch {
  readonly #watched: Watched;
  readonly #silences = new WeakMap<Session, Silence>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #unreachableSince: number | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** A statement was sent; while any runs, the watch looks at them from time to time. */
  attend(): void {
    if (this.#timer !== undefined || this.#watched.silenceMs === 0) return;
    this.#timer = setTimeout(() => void this.#look(), this.#watched.silenceMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const running = [...this.#watched.sessions].filter(({ busy, open }) => busy && open);
    if (!this.#asking) {
      this.#asking = true;
      const silent = running.filter((session) => this.#isDue(session));
      if (silent.length > 0) await this.#askAfter(silent);
      this.#asking = false;
    }
    this.#timer = undefined;
    if (running.length > 0) this.attend();
  }

  #isDue(session: Session): boolean {
    if (session.facts.server === undefined) return false;
    const at = now();
    const silence = this.#silences.get(session);
    if (silence?.since === session.heardAt) return at >= silence.askAgainAt;
    return at - session.heardAt >= this.#watched.silenceMs;
  }

  async #askAfter(silent: readonly Session[]): Promise<void> {
    const { dialTimeoutMs, witness: open } = this.#watched;
    const since = new Map(silent.map((session) => [session, session.heardAt]));
    let witness: Session | undefined;
    try {
      witness = await bounded(dialTimeoutMs, open, (late) => late.kill());
      this.#unreachableSince = undefined;
      // Behind a load balancer the witness may be at another server, which knows nothing of these.
      const side = witness;
      const here = silent.filter((session) => isSameServer(side, session));
      await this.#ask(witness, here, since);
      await this.#askThoseAtRestAgain(witness, here, since);
    } catch {
      this.#giveUpUnreachable(silent, since);
    } finally {
      witness?.kill();
    }
  }

  async #askThoseAtRestAgain(
    witness: Session,
    here: readonly Session[],
    since: Map<Session, number>,
  ): Promise<void> {
    const atRest = here.filter((session) => this.#silences.get(session)?.atRest === true && session.open);
    if (atRest.length === 0) return;
    await new Promise<void>((resolve) => setTimeout(resolve, AT_REST_AGAIN_MS).unref());
    await this.#ask(witness, atRest, since);
  }

  async #ask(witness: Session, sessions: readonly Session[], since: Map<Session, number>): Promise<void> {
    if (sessions.length === 0) return;
    const ids = sessions.map(({ id }) => id);
    const rows = await bounded(ANSWER_MS, () => issued(witness, statement('query', RUNNING_COMMANDS, [ids])));
    const commands = new Map(
      (rows as { id: number; command: string }[]).map(({ id, command }) => [id, command]),
    );
    for (const session of sessions) {
      const heard = since.get(session);
      if (this.#isDead(session, heard, commands.get(session.id))) await this.#endEverywhere(session, witness);
    }
  }

  /** Whether the reply will never come, by what the server says that the session does. */
  #isDead(session: Session, since: number | undefined, command: string | undefined): boolean {
    // It spoke meanwhile, or is done.
    if (since === undefined || !isStillSilent(session, since)) return false;
    const before = this.#silences.get(session);
    const asked = before?.since === since ? before.askedTimes + 1 : 1;
    const atRest = command === 'Sleep';
    if (command === undefined || (atRest && before?.since === since && before.atRest)) return true;
    const pauseMs = atRest ? 0 : this.#watched.silenceMs * 2 ** Math.min(asked, 6);
    this.#silences.set(session, { since, askAgainAt: now() + pauseMs, askedTimes: asked, atRest });
    return false;
  }

  /**
   * Nothing that is sent on it arrives, so the server would keep the session, and the locks of its
   * transaction, until TCP gives up.
   */
  async #endEverywhere(session: Session, witness: Session): Promise<void> {
    const since = session.heardAt;
    try {
      if (await bounded(ANSWER_MS, () => isSameSession(witness, session)))
        await bounded(ANSWER_MS, () => issued(witness, statement('query', `KILL ${session.id}`, undefined)));
    } catch (error) {
      logger().info(
        { resource: this.#watched.name, connectionId: session.id, ...errorFields(error, true) },
        'a session that fell silent could not be ended on its server',
      );
      // The witness was lost, and not refused: another one is asked.
      if (!isAnswer(error)) return;
    }
    if (isStillSilent(session, since)) this.#end(session);
  }

  /** When nobody can be reached for longer than callers are made to wait, waiting for a reply is no better. */
  #giveUpUnreachable(silent: readonly Session[], since: Map<Session, number>): void {
    this.#unreachableSince ??= now();
    if (now() - this.#unreachableSince < this.#watched.outageBufferMs) return;
    for (const session of silent) {
      if (isStillSilent(session, since.get(session))) this.#end(session);
    }
  }

  #end(session: Session): void {
    logger().warn(
      { resource: this.#watched.name, connectionId: session.id },
      'the server does not run the statement that a connection waits for; the connection is given up',
    );
    session.kill(
      Object.assign(new Error('the connection fell silent'), {
        code: 'PROTOCOL_CONNECTION_LOST',
        fatal: true,
      }),
    );
  }
}

/** Whether the server itself said no. */
function isAnswer(error: unknown): boolean {
  const { errno, fatal } = error as { errno?: unknown; fatal?: unknown };
  return typeof errno === 'number' && errno > 0 && fatal !== true;
}

function isStillSilent({ heardAt, busy, open }: Session, since: number | undefined): boolean {
  return heardAt === since && busy && open;
}
