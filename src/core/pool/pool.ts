import type { Call } from '../call/call.js';
import { now } from '../process/clock.js';
import { twoLoopTurns } from '../process/loop-turns.js';
import type { Health } from '../registry/resource.js';
import { refusal } from './admission.js';
import { bounded } from './bounded.js';
import { Dialer } from './dialer.js';
import type { ConnectionLabel, Driver } from './driver.js';
import type { Entry } from './entry.js';
import { Evidence } from './evidence.js';
import { acquireTimeout, inOutage, poolClosed } from './exceptions.js';
import { idleLimit, spreadLifetime } from './freshness.js';
import { IdleEntries } from './idle-entries.js';
import type { ResolvedPoolOptions } from './options.js';
import { Reconnects } from './reconnects.js';
import { Turns } from './turns.js';
import { Upkeep } from './upkeep.js';
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

/**
 * So many dials race slow probes at a time. When all connections fell silent at once, a few new ones are ready
 * sooner than one for each, and serve those who wait meanwhile.
 */
const HEDGES_AT_ONCE = 4;

/**
 * A pool whose connections are fresh when they are lent. A {@link Driver} supplies the connections; the rule
 * is `freshness`.
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
  readonly #evidence: Evidence;
  readonly #reconnects: Reconnects;
  readonly #upkeep = new Upkeep(() => this.#lookAfter());
  readonly #entries = new Map<C, Entry<C>>();
  readonly #idle = new IdleEntries<C>();
  readonly #waiters = new Waiters<Entry<C>>();
  readonly #hedges = new Turns(HEDGES_AT_ONCE);
  #producing = 0;
  #dialing = 0;
  #dialed = 0;
  #probed = 0;
  #proving = false;
  #closing: { readonly settled: () => void; readonly done: Promise<void> } | undefined;

  constructor(driver: Driver<C>, options: ResolvedPoolOptions, events: PoolEvents<C> = {}) {
    this.#driver = driver;
    this.options = options;
    this.#events = events;
    this.#evidence = new Evidence(options);
    this.#reconnects = new Reconnects(options.name, events.reconnected);
    this.#dialer = new Dialer(driver, options, {
      mayDial: () => this.#redial(),
      outlasted: () => this.#giveUpWaiting(),
    });
    this.#keepReady();
  }

  get stats(): PoolStats {
    const idle = this.#idle.size;
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

  // ---- taking and giving back

  /** A connection that needs no check, if there is one: the path that calls take under load. */
  tryTake(): Entry<C> | undefined {
    const entry = this.#idle.newest;
    if (entry === undefined || this.#waiters.size > 0) return undefined;
    if (this.#evidence.freshness(entry) !== 'take' || !this.#driver.isOpen(entry.connection))
      return undefined;
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
    const { idle, dialing, waiting } = this.stats;
    const crowd = {
      closed: this.closed,
      connections: this.#entries.size,
      idle,
      dialing,
      waiting: urgent ? -1 : waiting,
    };
    const refused = refusal(this.options, this.#dialer, crowd);
    if (refused !== undefined) return Promise.reject(refused.error);
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
    if (proven) this.#evidence.prove(entry);
    const condition = this.#driver.condition(entry.connection);
    if (condition === 'clean') return this.#offer(entry);
    if (condition === 'dirty') return this.#reset(entry);
    this.discard(entry, !this.#driver.isOpen(entry.connection));
  }

  /**
   * Takes a connection back that is not to be used again.
   *
   * @param lost whether it failed in use, which makes others suspect.
   */
  discard(entry: Entry<C>, lost = false): void {
    if (entry.state === 'gone') return;
    if (lost) this.#lose(entry);
    else this.#drop(entry);
    this.#pump();
  }

  /** Replaces every connection at its next return, and the idle ones now. */
  evictAll(): void {
    for (const entry of this.#entries.values()) entry.evicted = true;
    this.#idle.reconsider();
    this.dropObsolete();
  }

  /** Drops idle connections that are unusable or obsolete, and returns how many. */
  dropObsolete(): number {
    const obsolete = this.#idle.takeObsolete((connection) => this.#driver.isOpen(connection));
    for (const entry of obsolete) this.#retire(entry);
    return obsolete.length;
  }

  /** Takes no new callers, waits for what is lent, then closes. Calling it again returns the same promise. */
  drain(graceMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    let settled: () => void = () => undefined;
    const empty = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const timer = setTimeout(() => {
      for (const entry of [...this.#entries.values()]) this.#drop(entry);
      settled();
    }, graceMs);
    const done = empty.finally(() => clearTimeout(timer));
    this.#closing = { settled, done };
    this.#dialer.close();
    this.#upkeep.stop();
    this.#waiters.rejectAll(() => poolClosed(this.options.name));
    for (const entry of this.#idle.take(() => true)) this.#retire(entry);
    this.#settleIfEmpty();
    return done;
  }

  // ---- callers that wait

  #wait(call: Call | undefined, urgent: boolean): Promise<Entry<C>> {
    return new Promise((resolve, reject) => {
      const startedAt = now();
      const leave = (): void => {
        clearTimeout(timer);
        removeAbort?.();
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<Entry<C>> = {
        resolve: (entry) => {
          leave();
          resolve(entry);
        },
        reject: (error) => {
          leave();
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
    const { outage } = this.#dialer;
    const { name } = this.options;
    return outage === undefined ? acquireTimeout(name, now() - startedAt) : inOutage(name, outage);
  }

  /** After a refusal nobody waits on; in an outage, only until the buffer is used up. */
  #giveUpWaiting(): void {
    const { outage, outlasted } = this.#dialer;
    if (outage === undefined) return;
    if (!outage.failure.transient) this.#waiters.rejectAll(() => outage.error);
    else if (outlasted && this.#entries.size === 0) {
      this.#waiters.rejectAll(() => inOutage(this.options.name, outage));
    }
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

  /** Makes sure that a connection taken from the idle ones is alive, then offers it. */
  async #check(entry: Entry<C>): Promise<void> {
    const need = this.#evidence.freshness(entry);
    if (need === 'drop') return this.#retire(entry);
    entry.state = 'checking';
    this.#driver.hold(entry.connection, true);
    this.#producing += 1;
    try {
      if (need !== 'take') {
        await twoLoopTurns();
        this.#evidence.seeLoop();
      }
      if (entry.state !== 'checking') return;
      if (!this.#driver.isOpen(entry.connection)) this.#lose(entry);
      else if (need === 'probe') await this.#probe(entry);
      else this.#offer(entry);
    } finally {
      this.#producing -= 1;
      this.#pump();
    }
  }

  /** Probes; a slow probe races a new dial, and the first to be ready wins. */
  async #probe(entry: Entry<C>): Promise<void> {
    this.#probed += 1;
    const startedAt = now();
    const hedge = setTimeout(
      () => this.#hedges.take(() => this.#hedge(entry, startedAt)),
      this.#evidence.hedgeAfterMs,
    );
    try {
      await bounded(this.options.probeTimeoutMs, (signal) => this.#driver.probe(entry.connection, signal));
      this.#evidence.measured(now() - startedAt);
      if (entry.state !== 'checking') return;
      this.#evidence.prove(entry);
      this.#offer(entry);
    } catch {
      if (entry.state === 'checking') this.#lose(entry, startedAt);
    } finally {
      clearTimeout(hedge);
    }
  }

  /** Dials in the place of a connection whose probe is slow, unless it was this process that was slow. */
  async #hedge(entry: Entry<C>, probedAt: number): Promise<void> {
    await twoLoopTurns();
    if (entry.state !== 'checking' || !this.#dialer.mayDial) return;
    await this.#dial(() => {
      if (entry.state === 'checking') this.#lose(entry, probedAt);
    });
  }

  /** @param won called with the new connection in hand, before it is offered. */
  async #dial(won?: () => void): Promise<void> {
    this.#producing += 1;
    this.#dialing += 1;
    let lost = false;
    let entry: Entry<C> | undefined;
    try {
      const connection = await this.#dialer.dial(() => {
        lost = true;
        if (entry?.state === 'idle') this.#lose(entry);
      });
      this.#dialing -= 1;
      won?.();
      if (lost) return this.#driver.drop(connection);
      entry = this.#adopt(connection);
    } catch {
      this.#dialing -= 1;
      this.#giveUpWaiting();
    } finally {
      this.#producing -= 1;
      this.#pump();
    }
  }

  /** In an outage one dial keeps trying, whether anybody waits or not. */
  #redial(): void {
    if (this.#mayGrow()) void this.#dial();
  }

  #reset(entry: Entry<C>): void {
    entry.state = 'resetting';
    this.#producing += 1;
    void bounded(this.options.resetTimeoutMs, (signal) => this.#driver.reset(entry.connection, signal))
      .then(
        () => {
          if (entry.state !== 'resetting') return;
          this.#evidence.prove(entry);
          this.#offer(entry);
        },
        () => this.#drop(entry),
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
    this.#evidence.seeLoop();
    this.#dialed += 1;
    this.#entries.set(connection, entry);
    this.#events.opened?.(entry);
    this.#reconnects.opened(this.#driver.label(connection));
    this.#offer(entry);
    return entry;
  }

  /** Gives a connection that is known to be fine to the caller whose turn it is, or lets it idle. */
  #offer(entry: Entry<C>): void {
    const full = this.#entries.size > this.options.maxConnections;
    if (this.closed || entry.evicted || full || now() >= entry.expiresAt) {
      this.#retire(entry);
      return this.#pump();
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve(this.#lend(entry));
    if (this.#idle.size >= this.options.maxIdle) return this.#retire(entry);
    entry.state = 'idle';
    entry.idleSince = now();
    this.#driver.hold(entry.connection, false);
    this.#idle.push(entry);
    this.#planUpkeep();
  }

  #lend(entry: Entry<C>): Entry<C> {
    if (entry.state === 'idle') this.#driver.hold(entry.connection, true);
    entry.state = 'lent';
    return entry;
  }

  /** Parts with a connection in the protocol's way. */
  #retire(entry: Entry<C>): void {
    this.#forget(entry);
    this.#driver.farewell(entry.connection);
  }

  /** Destroys a connection. */
  #drop(entry: Entry<C>): void {
    if (entry.state === 'gone') return;
    this.#forget(entry);
    this.#driver.drop(entry.connection);
  }

  /**
   * Destroys a connection that turned out to be dead, and suspects the others.
   *
   * @param since when it is known to have been dead, on the monotonic clock in milliseconds.
   */
  #lose(entry: Entry<C>, since: number = now()): void {
    if (entry.state === 'gone') return;
    this.#reconnects.lost(this.#driver.label(entry.connection));
    this.#drop(entry);
    this.#evidence.suspectAll(since);
    this.#proveSuspects();
  }

  #forget(entry: Entry<C>): void {
    if (entry.state === 'idle') this.#idle.delete(entry);
    entry.state = 'gone';
    this.#entries.delete(entry.connection);
    if (this.options.minIdle > 0) this.#upkeep.dueBy(now());
    this.#settleIfEmpty();
  }

  #settleIfEmpty(): void {
    if (this.#entries.size === 0) this.#closing?.settled();
  }

  // ---- upkeep

  /** Suspects are proven off the callers' path, where nobody has to wait for it. */
  #proveSuspects(): void {
    if (this.#proving) return;
    this.#proving = true;
    setImmediate(() => {
      this.#proving = false;
      for (const entry of this.#idle.take((idle) => this.#evidence.isSuspect(idle))) void this.#check(entry);
    });
  }

  #planUpkeep(): void {
    const { keepaliveMs } = this.options;
    const keepaliveAt = keepaliveMs > 0 ? now() + keepaliveMs : Number.POSITIVE_INFINITY;
    this.#upkeep.dueBy(Math.min(this.#idle.nextObsoleteAt, keepaliveAt));
  }

  #lookAfter(): void {
    this.dropObsolete();
    this.#keepAlive();
    this.#keepReady();
    if (this.#idle.size > 0) this.#planUpkeep();
  }

  #keepAlive(): void {
    const { keepaliveMs } = this.options;
    if (keepaliveMs === 0) return;
    for (const entry of this.#idle.take(({ provenAt }) => now() - provenAt >= keepaliveMs)) {
      void this.#check(entry);
    }
  }

  #keepReady(): void {
    const missing = this.options.minIdle - this.#entries.size - this.#dialing;
    for (let i = 0; i < missing && this.#mayGrow(); i += 1) void this.#dial();
  }
}
