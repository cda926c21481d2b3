import { isSameServer, isSameSession } from './cancel-proof.js';
import type { Session } from './session.js';

/** What side connections need of their driver. */
export interface SideDriver {
  /** Opens a session that no borrower ever sees. */
  readonly open: (signal: AbortSignal) => Promise<Session>;
  /** Parts with it in the protocol's way. */
  readonly close: (session: Session) => void;
}

/** So long one is kept for the next who needs it, in milliseconds. */
const KEPT_MS = 1_000;
/** Behind a load balancer the first dials may lead to other servers. */
const DIALS = 3;

/**
 * Connections beside those of the pool, to act on sessions from outside: one is opened when it is needed, shared
 * by all who need it, and kept for a second.
 */
export class SideConnections {
  readonly #driver: SideDriver;
  #side: Promise<Session> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(driver: SideDriver) {
    this.#driver = driver;
  }

  /**
   * A connection on which the id of this session means this session.
   *
   * @param signal ends a dial that nobody waits for.
   * @throws Error when that cannot be proven.
   */
  async to(session: Session, signal: AbortSignal): Promise<Session> {
    for (let dials = 1; ; dials += 1) {
      const side = await this.#shared(signal);
      if (await isSameSession(side, session)) return side;
      if (isSameServer(side, session) || dials === DIALS) {
        throw new Error('a side connection does not see the session that it was opened for');
      }
      this.forget();
    }
  }

  /** Closes the connection that is kept; the next who needs one gets a new one. */
  forget(): void {
    clearTimeout(this.#timer);
    const side = this.#side;
    this.#side = undefined;
    side?.then(
      (session) => this.#driver.close(session),
      () => undefined,
    );
  }

  async #shared(signal: AbortSignal): Promise<Session> {
    this.#side ??= this.#open(signal);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.forget(), KEPT_MS);
    this.#timer.unref();
    const side = await this.#side;
    if (side.open) return side;
    this.#side = undefined;
    return this.#shared(signal);
  }

  async #open(signal: AbortSignal): Promise<Session> {
    try {
      const session = await this.#driver.open(signal);
      session.raw.stream.unref();
      return session;
    } catch (error) {
      this.#side = undefined;
      throw error;
    }
  }
}
