import { createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK, listen } from '../free-port.js';
import { LONGEST_TIMER_MS } from '../longest-timer.js';
import { ActiveCut, type Cut, type CutRule } from './cut-rule.js';
import type { Direction } from './direction.js';
import { ProxiedConnection } from './proxied-connection.js';
import { type ConnectionSelector, type ProxyConnection, select } from './proxy-connection.js';
import type { Target } from './target.js';

/** How a {@link FaultProxy} is started. */
export interface FaultProxyOptions {
  /** The server that clients are connected to. */
  readonly target: Target;
  /** `raw` for anything but MySQL: all faults but {@link FaultProxy.cut}. Default `mysql`. */
  readonly protocol?: 'mysql' | 'raw';
  /** Where to listen on 127.0.0.1; default: a free port. */
  readonly port?: number;
}

/** How connections fall silent. */
export interface SilenceOptions {
  /** Which of the current connections; default `'all'`. */
  readonly connections?: ConnectionSelector;
  /**
   * Keep what is sent meanwhile and deliver it at {@link FaultProxy.heal}, as when lost packets are sent
   * again. Default: it is lost, and so are these connections.
   */
  readonly hold?: boolean;
  /** Future connections too, see {@link FaultProxy.mute}; default false. */
  readonly future?: boolean;
}

/**
 * A TCP proxy on 127.0.0.1 that does to connections what networks do to them. Point a client at its
 * {@link FaultProxy.host} and {@link FaultProxy.port}, then call the faults by name; they take effect
 * before they return.
 *
 * ```ts
 * await using proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: 3306 } });
 * const pool = createPool({ host: proxy.host, port: proxy.port, user: 'root' });
 * proxy.silence();
 * ```
 */
export class FaultProxy {
  readonly host: string = LOOPBACK;
  readonly port: number;
  readonly #protocol: 'mysql' | 'raw';
  readonly #connections: Set<ProxiedConnection> = new Set();
  readonly #cuts: Set<ActiveCut> = new Set();
  readonly #delayMs: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  #target: Target;
  #listener: Server | undefined;
  #accepted = 0;
  /** What becomes of a connection that is accepted. */
  #arrivals: 'forward' | 'mute' | 'hold' = 'forward';

  /** Starts a proxy; rejects with the error of `listen` when the port is taken. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    return new FaultProxy(options, listener, await listen(listener, options.port));
  }

  private constructor(options: FaultProxyOptions, listener: Server, port: number) {
    this.#target = options.target;
    this.#protocol = options.protocol ?? 'mysql';
    this.port = port;
    this.#attend(listener);
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many connections were ever accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The connections there are, in the order they were accepted. */
  list(): readonly ProxyConnection[] {
    return [...this.#connections];
  }

  /** Where new connections go from now on. */
  retarget(target: Target): void {
    this.#target = target;
  }

  /** Resets connections: RST to the client and to the server. */
  reset(connections: ConnectionSelector = 'all'): void {
    for (const connection of this.#select(connections)) connection.reset();
  }

  /**
   * Closes connections in an orderly way: FIN to the client and to the server. What the client still sends
   * is answered with RST.
   */
  fin(connections: ConnectionSelector = 'all'): void {
    for (const connection of this.#select(connections)) connection.fin();
  }

  /**
   * Silently drops connections, as a firewall that forgot them: nothing is forwarded any more in either
   * direction, no FIN and no RST, not even when an end closes. New connections work.
   */
  silence(options: SilenceOptions = {}): void {
    const { connections = 'all', hold = false, future = false } = options;
    for (const connection of this.#select(connections)) connection.silence(hold);
    if (future) this.mute({ hold });
  }

  /**
   * Accepts new connections and says nothing on them: the server is not contacted. Until {@link heal};
   * then they go on with `hold`, and stay mute without it.
   */
  mute(options: { readonly hold?: boolean } = {}): void {
    this.#arrivals = options.hold ? 'hold' : 'mute';
  }

  /** Ends {@link silence} and {@link mute}: new connections work and held ones go on. */
  heal(): void {
    this.#arrivals = 'forward';
    for (const connection of this.#connections) connection.heal(this.#target);
  }

  /** Stops listening: new connections get ECONNREFUSED, current ones are left alone. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Listens again on the same port; rejects with the error of `listen` when it is taken. */
  async accept(): Promise<void> {
    if (this.#listener) return;
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    this.#listener = listener;
    try {
      await listen(listener, this.port);
    } catch (error) {
      if (this.#listener === listener) this.#listener = undefined;
      throw error;
    }
    if (this.#listener === listener) this.#attend(listener);
    else listener.close();
  }

  /**
   * Adds latency to every chunk that arrives from now on, order kept; 0 takes it away. Without `connections`
   * it holds for future connections too.
   */
  delay(ms: number, direction: Direction | 'both' = 'both', connections?: ConnectionSelector): void {
    if (!(ms >= 0 && ms <= LONGEST_TIMER_MS)) throw new RangeError(`ms must be a number from 0, not ${ms}`);
    const directions = direction === 'both' ? (['to-server', 'to-client'] as const) : [direction];
    for (const one of directions) {
      if (connections === undefined) this.#delayMs[one] = ms;
      for (const connection of this.#select(connections ?? 'all')) connection.delay(one, ms);
    }
  }

  /**
   * Cuts a connection at a certain packet of the MySQL protocol. This is how to lose the reply to a COMMIT
   * that the server executed:
   *
   * ```ts
   * proxy.cut({
   *   direction: 'to-client', at: { command: 'COM_QUERY', sql: /^COMMIT/ }, when: 'before', how: 'reset',
   * });
   * ```
   *
   * Packets can't be told apart in a connection that uses TLS or compression: there no rule ever applies.
   *
   * @throws Error when the proxy's protocol is `raw`; RangeError for a number out of range.
   */
  cut(rule: CutRule): Cut {
    if (this.#protocol === 'raw') throw new Error("cut() needs a proxy with protocol: 'mysql'");
    const cut = new ActiveCut(rule, (used) => this.#cuts.delete(used));
    this.#cuts.add(cut);
    return cut;
  }

  /** Stops listening and ends all connections. */
  async close(): Promise<void> {
    this.refuse();
    const ends = [...this.#connections].map((connection) => connection.ended);
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(ends);
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #select(connections: ConnectionSelector): readonly ProxiedConnection[] {
    return select([...this.#connections], connections);
  }

  #attend(listener: Server): void {
    this.#listener = listener;
    listener.on('error', () => {});
    listener.on('connection', (client) => this.#welcome(client));
  }

  #welcome(client: Socket): void {
    this.#accepted += 1;
    const connection = new ProxiedConnection(this.#accepted, client, this.#protocol, {
      cuts: () => this.#cuts,
      delayMs: this.#delayMs,
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    if (this.#arrivals === 'forward') connection.connect(this.#target);
    else connection.mute(this.#arrivals === 'hold');
  }
}
