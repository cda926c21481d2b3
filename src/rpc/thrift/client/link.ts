import { now } from '../../../core/process/clock.js';
import { lostCall, timedOut } from './remote-failure.js';
import {
  type GeneratedClient,
  type GeneratedClientClass,
  generatedClientOn,
  outputOn,
  type ThriftConnection,
} from './thrift-connection.js';

type Callback = (error: unknown, result?: unknown) => void;

/** A call that waits for its reply. */
interface Pending {
  readonly settle: Callback;
  /** Whether the kernel has taken all of it; before that no server can have run it. */
  sent: boolean;
}

/** The answer to a call was a failure that the server told. */
export class Answered {
  readonly failure: unknown;

  constructor(failure: unknown) {
    this.failure = failure;
  }
}

/** One open connection, and the calls that wait on it. Each of them is settled, whatever becomes of it. */
export class Link {
  readonly #connection: ThriftConnection;
  readonly #client: GeneratedClient;
  readonly #pending = new Set<Pending>();
  #writing: Pending | undefined;
  readonly #write = (message: Buffer): void => {
    const pending = this.#writing;
    this.#connection.connection.write(message, (error) => {
      if (pending !== undefined && !error) pending.sent = true;
    });
  };
  #heardAt = now();
  #retired = false;
  #lost = false;

  constructor(connection: ThriftConnection, Client: GeneratedClientClass, service: string | undefined) {
    this.#connection = connection;
    this.#client = generatedClientOn(connection, Client, service, this.#write);
    let cause: unknown;
    connection.on('error', (error) => {
      cause = error;
      // A reply that could not be read: those after it can't be either.
      connection.connection.destroy();
    });
    connection.connection.on('data', () => {
      this.#heardAt = now();
    });
    // Not the connection's own event, which waits for attempts to reconnect.
    connection.connection.once('close', () => this.#close(cause));
  }

  /** Whether it takes further calls. */
  get isUsable(): boolean {
    return !this.#retired && !this.#lost && this.#connection.connection.writable;
  }

  /** Sends a call. Rejects with {@link Answered} for what the server said. */
  call(method: string, args: readonly unknown[], timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const startedAt = now();
      const client = this.#client;
      client._seqid = client.new_seqid();
      const seqid = client.seqid();
      const end = (): void => {
        clearTimeout(timer);
        delete client._reqs[seqid];
        this.#pending.delete(pending);
        if (this.#retired) this.#closeWhenQuiet();
      };
      const settle: Callback = (error, result) => {
        end();
        if (error === null || error === undefined) resolve(result);
        else reject(error);
      };
      const timer = setTimeout(() => {
        // Nothing came all the time: the connection may be dead, and no call after this one should wait for it.
        if (this.#heardAt <= startedAt) this.retire();
        settle(timedOut(Math.round(timeoutMs)));
      }, timeoutMs);
      const pending: Pending = { settle, sent: false };
      this.#pending.add(pending);
      client._reqs[seqid] = (error, result) => {
        if (error === null || error === undefined) settle(null, result);
        else settle(new Answered(error));
      };
      try {
        this.#send(pending, method, args);
      } catch (error) {
        // The arguments do not serialize.
        settle(error);
      }
    });
  }

  /** Takes no further calls, and closes after the last one. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenQuiet();
  }

  /** Settles what waits, and closes. */
  destroy(error: unknown): void {
    this.#retired = true;
    for (const { settle } of [...this.#pending]) settle(error);
    this.#connection.connection.destroy();
  }

  #send(pending: Pending, method: string, args: readonly unknown[]): void {
    this.#writing = pending;
    try {
      const client = this.#client as unknown as Record<string, (...args: readonly unknown[]) => void>;
      client[`send_${method}`]?.(...args);
    } catch (error) {
      this.#client.output = outputOn(this.#connection, this.#write);
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }

  #closeWhenQuiet(): void {
    if (this.#pending.size === 0) this.#connection.connection.end();
  }

  #close(cause: unknown): void {
    this.#lost = true;
    for (const { settle, sent } of [...this.#pending]) settle(lostCall(sent, cause));
  }
}
