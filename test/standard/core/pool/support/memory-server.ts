import type { Condition, ConnectionLabel, DialContext, Driver } from '../../../../../src/core/pool/index.js';
import type { Failure } from '../../../../../src/errors/index.js';
import { LOST } from '../../support/driver-error.js';

/** A connection to a {@link MemoryServer}. */
export class MemoryConnection {
  readonly id: number;
  readonly ended: Promise<never>;
  readonly #lost: () => void;
  #end: (error: Error) => void = () => undefined;
  #open = true;
  silent = false;
  busy = false;
  altered = false;
  held = true;

  constructor(id: number, lost: () => void) {
    this.id = id;
    this.#lost = lost;
    this.ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    this.ended.catch(() => undefined);
  }

  get open(): boolean {
    return this.#open;
  }

  /** The client's side knows that it has ended. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#end(new Error('the connection has ended'));
    this.#lost();
  }
}

type Arrivals = 'accepted' | 'muted' | 'refused';

/** A server in memory: what a {@link Driver} needs of one, and the faults of the contract. */
export class MemoryServer {
  readonly connections: Set<MemoryConnection> = new Set();
  accepted = 0;
  arrivals: Arrivals = 'accepted';
  idleLimitMs: number = Number.POSITIVE_INFINITY;
  delayMs = 0;

  /** The client hears of it when its event loop turns, as of a FIN in its kernel. */
  end(connection: MemoryConnection): void {
    this.connections.delete(connection);
    setImmediate(() => connection.end());
  }

  async dial({ signal, lost }: DialContext): Promise<MemoryConnection> {
    this.accepted += this.arrivals === 'refused' ? 0 : 1;
    const { arrivals, accepted: id } = this;
    if (arrivals === 'muted') await new Promise((_, reject) => onAbort(signal, reject));
    await sleep(1 + this.delayMs);
    if (arrivals === 'refused') throw new Error('refused');
    if (signal.aborted) throw signal.reason;
    const connection = new MemoryConnection(id, lost);
    this.connections.add(connection);
    return connection;
  }

  async roundTrip(connection: MemoryConnection): Promise<void> {
    if (!connection.open) throw new Error('the connection has ended');
    connection.busy = true;
    try {
      const reply = connection.silent ? new Promise(() => undefined) : sleep(1 + this.delayMs);
      await Promise.race([reply, connection.ended]);
    } finally {
      connection.busy = false;
    }
  }
}

/** Connections to a {@link MemoryServer}. */
export class MemoryDriver implements Driver<MemoryConnection> {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  dial(context: DialContext): Promise<MemoryConnection> {
    return this.#server.dial(context);
  }

  probe(connection: MemoryConnection): Promise<void> {
    return this.#server.roundTrip(connection);
  }

  async reset(connection: MemoryConnection): Promise<void> {
    await this.#server.roundTrip(connection);
    connection.altered = false;
  }

  drop(connection: MemoryConnection): void {
    this.#server.connections.delete(connection);
    connection.end();
  }

  farewell(connection: MemoryConnection): void {
    this.drop(connection);
  }

  isOpen({ open }: MemoryConnection): boolean {
    return open;
  }

  condition({ open, busy, altered }: MemoryConnection): Condition {
    if (!open) return 'closed';
    if (busy) return 'busy';
    return altered ? 'dirty' : 'clean';
  }

  hold(connection: MemoryConnection, held: boolean): void {
    connection.held = held;
  }

  classifyDial(): Failure {
    return LOST;
  }

  label({ id }: MemoryConnection): ConnectionLabel {
    return { id, database: undefined };
  }

  idleLimitMs(): number {
    return this.#server.idleLimitMs;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function onAbort(signal: AbortSignal, listener: (reason: unknown) => void): void {
  signal.addEventListener('abort', () => listener(signal.reason), { once: true });
}
