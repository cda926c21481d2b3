import type { Call } from '../call/call.js';
import { now } from '../process/clock.js';
import { logger } from '../process/logger.js';
import { twoLoopTurns } from '../process/loop-turns.js';
import type { Health } from '../registry/resource.js';
import { bounded } from './bounded.js';
import { Dialer } from './dialer.js';
import type { ConnectionLabel, Driver } from './driver.js';
import type { Entry } from './entry.js';
import { acquireTimeout, inOutage, poolClosed, queueFull } from './exceptions.js';
import { freshness, idleLimit, isObsolete, obsoleteAt, spreadLifetime } from './freshness.js';
import type { ResolvedPoolOptions } from './options.js';
import { type Waiter, Waiters } from './waiters.js';

/** What a pool tells those who listen. */
export interface PoolEvents<C extends object> {
  /** A connection was opened; nobody has used it yet. */
  opened?(entry: Entry<C>): void;
  /** A connection was opened in the place of one that was lost. */
  reconnected?(before: ConnectionLabel, after: ConnectionLabel): void;
}

/** Numbers of a pool at one moment. */
export interface PoolStats {
  readonly idle: number;
  readonly lent: number;
  readonly dialing: number;
  readonly waiting: number;
  /** Since the pool was made. */
  readonly dialed: number;
  /** Since the pool was made. */
  readonly probed: number;
}

/** Whose connection is asked for, and how urgently. */
export interface TakeOptions {
  readonly call?: Call | undefined;
  /** Goes before the others: it gave a lost connection back and holds work already. */
  readonly urgent?: boolean;
}

/** How many lost connections are remembered for the reconnect event. */
const MAX_LOST_LABELS = 64;
/** How often the pool looks after its idle connections at the least, in milliseconds. */
const MIN_SWEEP_MS = 50;

/**
 * A pool whose connections are fresh when they are lent. A {@link Driver} supplies the connections; the rule
 * is {@link freshness}.
 *
 * Callers that wait are served by *producers*: a check of an idle connection, a dial, a reset, a return. Each
 * ends by offering its connection to the caller whose turn it is, so a late connection of a caller that left
 * goes to the next one.
 */
export class Pool<C extends object> {
  readonly options: ResolvedPoolOptions;
  readonly #driver: Driver<C>;
  readonly #events: PoolEvents<C>;
  readonly #dialer: Dialer<C>;
  readonly #entries = new Map<C, Entry<C>>();
  /** Most recently used last. */
  readonly #idle: Entry<C>[] = [];
  readonly #waiters = new Waiters<Entry<C>>();
  readonly #lostLabels: ConnectionLabel[] = [];
  #producing = 0;
  #dialing = 0;
  #dialed = 0;
  #probed = 0;
  #suspectBefore = Number.NEGATIVE_INFINITY;
  #loopSeenAt = Number.NEGATIVE_INFINITY;
  /** Nothing idle becomes obsolete before this. */
  #nextObsoleteAt = Number.POSITIVE_INFINITY;
  #sweep: NodeJS.Timeout | undefined;
  #closing: { readonly settled: () => void; readonly done: Promise<void> } | undefined;

  constructor(driver: Driver<C>, options: ResolvedPoolOptions, events: PoolEvents<C> = {}) {
    this.#driver = driver;
    this.options = options;
    this.#events = events;
    this.#dialer = new Dialer(driver, options.name, options.dialTimeoutMs, () => this.#redial());
    if (options.minIdle > 0) this.#keepReady();
  }

  get stats(): PoolStats {
    const idle = this.#idle.length;
    const lent = this.#entries.size - idle;
    const counts = { dialing: this.#dialing, dialed: this.#dialed, probed: this.#probed };
    return { idle, lent, waiting: this.#waiters.size, ...counts };
  }

  get health(): Health {
    return this.#dialer.outage !== undefined && this.#entries.size === 0 ? 'down' : 'up';
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** A connection that needs no check, if there is one: the path that calls take under load. */
  tryTake(): Entry<C> | undefined {
    if (this.#closing !== undefined || this.#waiters.size > 0) return undefined;
    const entry = this.#idle.at(-1);
    if (entry === undefined || this.#freshness(entry, now()) !== 'take') return undefined;
    if (!this.#driver.isOpen(entry.connection)) return undefined;
    this.#idle.pop();
    return this.#lend(entry);
  }

  /**
   * A fresh connection.
   *
   * @throws ServiceException: UNAVAILABLE or RESOURCE_EXHAUSTED; the call's own when it is aborted; the
   *   driver's error when the server refuses credentials or database.
   */
  take({ call, urgent = false }: TakeOptions = {}): Promise<Entry<C>> {
    if (call?.aborted !== undefined) return Promise.reject(call.aborted);
    const refusal = this.#refusal(urgent);
    if (refusal !== undefined) return Promise.reject(refusal.error);
    const ready = this.tryTake();
    return ready === undefined ? this.#wait(call, urgent) : Promise.resolve(ready);
  }

  /**
   * Takes a connection back.
   *
   * @param proven whether its last reply was read just now.
   */
  give(entry: Entry<C>, proven = false): void {
    if (entry.state !== 'lent') return;
    if (proven) this.#prove(entry);
    const condition = this.#driver.condition(entry.connection);
    if (condition === 'clean') return this.#offer(entry);
    if (condition === 'dirty') return this.#reset(entry);
    this.#remove(entry);
    this.#pump();
  }

  /**
   * Takes a connection back that is not to be used again.
   *
   * @param lost whether it failed in use, which makes others suspect.
   */
  discard(entry: Entry<C>, lost = false): void {
    if (entry.state === 'gone') return;
    this.#remove(entry, lost);
    if (lost) this.#suspectAll();
    this.#pump();
  }

  /** Replaces every connection at its next return, and the idle ones now. */
  evictAll(): void {
    for (const entry of this.#entries.values()) entry.evicted = true;
    this.#nextObsoleteAt = Number.NEGATIVE_INFINITY;
    this.dropObsolete();
  }

  /** Drops idle connections that are unusable or obsolete, and returns how many. */
  dropObsolete(): number {
    const at = now();
    if (at < this.#nextObsoleteAt) return 0;
    const obsolete = this.#idle.filter(
      (entry) => isObsolete(entry, at) || !this.#driver.isOpen(entry.connection),
    );
    for (const entry of obsolete) this.#retire(entry);
    this.#nextObsoleteAt = Math.min(...this.#idle.map(obsoleteAt), Number.POSITIVE_INFINITY);
    return obsolete.length;
  }

  /** Takes no new callers, waits for what is lent, then closes. Calling it again returns the same promise. */
  drain(graceMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    const { promise: done, resolve: settled } = promiseWithResolvers();
    this.#closing = { settled, done };
    this.#dialer.close();
    clearTimeout(this.#sweep);
    this.#waiters.rejectAll(() => poolClosed(this.options.name));
    for (const entry of [...this.#idle]) this.#retire(entry);
    const timer = setTimeout(() => {
      for (const entry of [...this.#entries.values()]) this.#remove(entry);
      settled();
    }, graceMs);
    this.#settleIfEmpty();
    return done.finally(() => clearTimeout(timer));
  }

  // ---- callers that wait

  /** Why nobody may wait at the moment. */
  #refusal(urgent: boolean): { readonly error: unknown } | undefined {
    const { name, queueLimit, waitForConnections } = this.options;
    if (this.#closing !== undefined) return { error: poolClosed(name) };
    const { outage } = this.#dialer;
    if (outage !== undefined && this.#entries.size === 0) {
      const inMs = Math.max(1, outage.nextAt - now());
      if (!outage.failure.transient && now() < outage.nextAt) return { error: outage.error };
      if (outage.failure.transient && this.#outlasted(outage.since))
        return { error: inOutage(name, outage, inMs) };
    }
    if (urgent) return undefined;
    const saturated =
      this.#idle.length === 0 && this.#entries.size + this.#dialing >= this.options.maxConnections;
    if (!waitForConnections && saturated) return { error: queueFull(name, 0) };
    return this.#waiters.size >= queueLimit && saturated ? { error: queueFull(name, queueLimit) } : undefined;
  }

  #outlasted(since: number): boolean {
    return now() - since >= this.options.outageBufferMs;
  }

  #wait(call: Call | undefined, urgent: boolean): Promise<Entry<C>> {
    return new Promise((resolve, reject) => {
      const startedAt = now();
      const settle = (): void => {
        clearTimeout(timer);
        removeAbort?.();
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<Entry<C>> = {
        resolve: (entry) => {
          settle();
          resolve(entry);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      // This timer holds the process: somebody waits for the answer.
      const timer = setTimeout(() => waiter.reject(this.#late(startedAt)), this.options.acquireTimeoutMs);
      const removeAbort = call?.onAbort(waiter.reject);
      this.#waiters.add(waiter, urgent);
      this.#pump();
    });
  }

  #late(startedAt: number): unknown {
    const { name } = this.options;
    const { outage } = this.#dialer;
    if (outage === undefined) return acquireTimeout(name, now() - startedAt);
    return inOutage(name, outage, Math.max(1, outage.nextAt - now()));
  }

  /** Starts as many producers as callers wait for, as far as there is room. */
  #pump(): void {
    while (this.#waiters.size > this.#producing) {
      const entry = this.#idle.pop();
      if (entry !== undefined) void this.#check(entry);
      else if (this.#mayGrow()) void this.#dial();
      else return;
    }
  }

  #mayGrow(): boolean {
    return this.#entries.size + this.#dialing < this.options.maxConnections && this.#dialer.mayDial;
  }

  // ---- producers

  /** Makes sure that an idle connection is alive, then offers it. */
  async #check(entry: Entry<C>): Promise<void> {
    const need = this.#freshness(entry, now());
    if (need === 'drop') {
      this.#retire(entry);
      return;
    }
    entry.state = 'checking';
    this.#driver.hold(entry.connection, true);
    this.#producing += 1;
    try {
      if (need !== 'take') {
        await twoLoopTurns();
        this.#loopSeenAt = now();
      }
      if (entry.state !== 'checking') return;
      if (!this.#driver.isOpen(entry.connection)) this.#remove(entry, true);
      else if (need !== 'probe') this.#offer(entry);
      else await this.#probe(entry);
    } finally {
      this.#producing -= 1;
      this.#pump();
    }
  }

  /** Probes; a slow probe races a new dial, and the first to be ready wins. */
  async #probe(entry: Entry<C>): Promise<void> {
    const { probeTimeoutMs, hedgeAfterMs } = this.options;
    this.#probed += 1;
    const hedge = setTimeout(() => void this.#hedge(entry), hedgeAfterMs);
    try {
      await bounded(probeTimeoutMs, (signal) => this.#driver.probe(entry.connection, signal));
      if (entry.state !== 'checking') return;
      this.#prove(entry);
      this.#offer(entry);
    } catch {
      if (entry.state !== 'checking') return;
      this.#remove(entry, true);
      this.#suspectAll();
    } finally {
      clearTimeout(hedge);
    }
  }

  /** Dials in the place of a connection whose probe is slow. */
  async #hedge(entry: Entry<C>): Promise<void> {
    if (!this.#dialer.mayDial) return;
    await this.#dial(() => {
      if (entry.state === 'checking') {
        this.#remove(entry, true);
        this.#suspectAll();
      }
    });
  }

  async #dial(won?: () => void): Promise<void> {
    this.#producing += 1;
    this.#dialing += 1;
    let lost = false;
    let entry: Entry<C> | undefined;
    try {
      const connection = await this.#dialer.dial(() => {
        lost = true;
        if (entry !== undefined) this.#lostWhileOurs(entry);
      });
      this.#dialing -= 1;
      won?.();
      if (lost) return;
      entry = this.#adopt(connection);
    } catch {
      this.#dialing -= 1;
      this.#afterFailedDial();
    } finally {
      this.#producing -= 1;
      this.#pump();
    }
  }

  #redial(): void {
    if (this.#closing === undefined && this.#entries.size < this.options.maxConnections) void this.#dial();
  }

  #reset(entry: Entry<C>): void {
    entry.state = 'resetting';
    this.#producing += 1;
    bounded(this.options.resetTimeoutMs, (signal) => this.#driver.reset(entry.connection, signal))
      .then(
        () => {
          if (entry.state !== 'resetting') return;
          this.#prove(entry);
          this.#offer(entry);
        },
        () => this.#remove(entry),
      )
      .finally(() => {
        this.#producing -= 1;
        this.#pump();
      });
  }

  // ---- connections

  #adopt(connection: C): Entry<C> {
    const at = now();
    const { maxLifetimeMs, idleTimeoutMs } = this.options;
    const entry: Entry<C> = {
      connection,
      expiresAt: at + spreadLifetime(maxLifetimeMs),
      idleLimitMs: idleLimit(idleTimeoutMs, this.#driver.idleLimitMs(connection)),
      provenAt: at,
      idleSince: at,
      evicted: false,
      state: 'checking',
    };
    this.#loopSeenAt = at;
    this.#dialed += 1;
    this.#entries.set(connection, entry);
    this.#events.opened?.(entry);
    this.#tellReconnect(connection);
    this.#offer(entry);
    return entry;
  }

  #tellReconnect(connection: C): void {
    const before = this.#lostLabels.shift();
    if (before === undefined) return;
    const after = this.#driver.label(connection);
    logger().info(
      { resource: this.options.name, oldId: before.id, newId: after.id, database: after.database },
      `reconnected; connection id: ${after.id}, current database: ${after.database ?? 'none'}`,
    );
    this.#events.reconnected?.(before, after);
  }

  /** Gives a connection that is known to be fine to the caller whose turn it is, or lets it idle. */
  #offer(entry: Entry<C>): void {
    const full = this.#entries.size > this.options.maxConnections;
    if (this.#closing !== undefined || entry.evicted || full || now() >= entry.expiresAt) {
      this.#retire(entry);
      return this.#pump();
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve(this.#lend(entry));
    if (this.#idle.length >= this.options.maxIdle) return this.#retire(entry);
    entry.state = 'idle';
    entry.idleSince = now();
    this.#driver.hold(entry.connection, false);
    this.#idle.push(entry);
    this.#nextObsoleteAt = Math.min(this.#nextObsoleteAt, obsoleteAt(entry));
    this.#armSweep();
  }

  #lend(entry: Entry<C>): Entry<C> {
    if (entry.state === 'idle') this.#driver.hold(entry.connection, true);
    entry.state = 'lent';
    return entry;
  }

  #prove(entry: Entry<C>): void {
    const at = now();
    entry.provenAt = at;
    this.#loopSeenAt = at;
  }

  /** Parts with a connection in the protocol's way. */
  #retire(entry: Entry<C>): void {
    this.#forget(entry);
    this.#driver.farewell(entry.connection);
    this.#settleIfEmpty();
  }

  /** Destroys a connection. */
  #remove(entry: Entry<C>, lost = false): void {
    if (entry.state === 'gone') return;
    if (lost && this.#lostLabels.length < MAX_LOST_LABELS)
      this.#lostLabels.push(this.#driver.label(entry.connection));
    this.#forget(entry);
    this.#driver.drop(entry.connection);
    this.#settleIfEmpty();
  }

  #forget(entry: Entry<C>): void {
    const index = entry.state === 'idle' ? this.#idle.lastIndexOf(entry) : -1;
    if (index >= 0) this.#idle.splice(index, 1);
    entry.state = 'gone';
    this.#entries.delete(entry.connection);
    if (this.options.minIdle > 0) this.#armSweep();
  }

  /** The driver saw the connection close. One that is lent is given back by its holder. */
  #lostWhileOurs(entry: Entry<C>): void {
    if (entry.state !== 'idle') return;
    this.#remove(entry, true);
    this.#suspectAll();
  }

  // ---- suspicion and upkeep

  #freshness(entry: Entry<C>, at: number): ReturnType<typeof freshness> {
    return freshness(entry, {
      now: at,
      aliveBypassMs: this.options.aliveBypassMs,
      suspectBefore: this.#suspectBefore,
      loopSeenAt: this.#loopSeenAt,
    });
  }

  /** What kills one connection often kills others: from now on each is proven before its next use. */
  #suspectAll(): void {
    this.#suspectBefore = now();
  }

  /** After a refusal nobody waits on; in an outage, only until the buffer is used up. */
  #afterFailedDial(): void {
    const { outage } = this.#dialer;
    if (outage === undefined) return;
    if (!outage.failure.transient) return this.#waiters.rejectAll(() => outage.error);
    if (this.#entries.size > 0 || !this.#outlasted(outage.since)) return;
    this.#waiters.rejectAll(() => inOutage(this.options.name, outage, Math.max(1, outage.nextAt - now())));
  }

  #armSweep(): void {
    if (this.#sweep !== undefined || this.#closing !== undefined) return;
    const { keepaliveMs } = this.options;
    const dueIn = Math.min(
      this.#nextObsoleteAt - now(),
      keepaliveMs > 0 ? keepaliveMs : Number.POSITIVE_INFINITY,
    );
    const ms = Math.max(MIN_SWEEP_MS, Math.min(dueIn, 60_000));
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined;
      this.dropObsolete();
      this.#keepAlive();
      this.#keepReady();
      if (this.#idle.length > 0) this.#armSweep();
    }, ms);
    this.#sweep.unref();
  }

  #keepAlive(): void {
    const { keepaliveMs } = this.options;
    if (keepaliveMs === 0) return;
    const due = this.#idle.filter((entry) => now() - entry.provenAt >= keepaliveMs);
    for (const entry of due) {
      this.#idle.splice(this.#idle.indexOf(entry), 1);
      void this.#check(entry);
    }
  }

  #keepReady(): void {
    const missing = this.options.minIdle - this.#entries.size - this.#dialing;
    for (let i = 0; i < missing && this.#mayGrow(); i += 1) void this.#dial();
  }

  #settleIfEmpty(): void {
    if (this.#closing !== undefined && this.#entries.size === 0) this.#closing.settled();
  }
}

function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
