import { sleep } from '../../../core/process/abort.js';
import { now } from '../../../core/process/clock.js';
import { backoffMs, DIAL_BACKOFF } from '../../../core/repair/backoff.js';
import { dial } from './dial.js';
import { Link } from './link.js';
import { clientClosed, unreachable } from './remote-failure.js';
import type { GeneratedClientClass, ThriftConnection } from './thrift-connection.js';

/** What a connection is made with. */
export interface LinkOptions {
  readonly connect: () => ThriftConnection;
  readonly Client: GeneratedClientClass;
  readonly service: string | undefined;
  readonly connectTimeoutMs: number;
}

/** The connection of a client: one at a time, dialed when it is needed, and anew when it is gone. */
export class Links {
  readonly #options: LinkOptions;
  readonly #closed = new AbortController();
  #link: Link | undefined;
  #dialing: Promise<Link> | undefined;
  #failures = 0;
  #failure: unknown;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** An open connection; tries again and again until the deadline. */
  async take(deadlineAt: number): Promise<Link> {
    for (;;) {
      if (this.isClosed) throw clientClosed();
      if (this.#link?.isUsable) return this.#link;
      await before(deadlineAt, this.#dial());
      if (this.#failure instanceof TypeError) throw this.#failure;
      if (!this.#link?.isUsable && now() >= deadlineAt) throw unreachable(this.#failure);
    }
  }

  close(): void {
    this.#closed.abort(clientClosed());
    this.#link?.destroy(clientClosed());
  }

  /** All callers share an attempt, and the pause before it. */
  #dial(): Promise<Link> {
    this.#dialing ??= this.#attempt().finally(() => {
      this.#dialing = undefined;
    });
    return this.#dialing;
  }

  async #attempt(): Promise<Link> {
    const { connect, Client, service, connectTimeoutMs } = this.#options;
    if (this.#failures > 0) await sleep(backoffMs(DIAL_BACKOFF, this.#failures), this.#closed.signal);
    try {
      const link = new Link(await dial(connect, connectTimeoutMs), Client, service);
      this.#failures = 0;
      this.#failure = undefined;
      if (this.isClosed) link.destroy(clientClosed());
      this.#link = link;
      return link;
    } catch (error) {
      this.#failures += 1;
      this.#failure = error;
      throw error;
    }
  }
}

/** Waits until work is over, one way or the other, or until the deadline. */
async function before(deadlineAt: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const ignore = (): void => undefined;
  await Promise.race([
    work.then(ignore, ignore),
    sleep(Math.max(0, deadlineAt - now()), over.signal).catch(ignore),
  ]);
  over.abort();
}
