import type { Entry } from './entry.js';

/** What a connection needs before it may be lent. */
export type Freshness = 'take' | 'look' | 'probe' | 'drop';

/** What the pool knows when it looks at a connection. Times on the monotonic clock, in milliseconds. */
export interface FreshnessContext {
  readonly now: number;
  readonly aliveBypassMs: number;
  /** Connections that were last proven before this are suspect. */
  readonly suspectBefore: number;
  /** When a reply was last read from any connection of the pool: the event loop ran at that time. */
  readonly loopSeenAt: number;
}

/**
 * After so long without a sign that the event loop polled its sockets, a FIN may lie unread in the kernel.
 */
const STALL_MS = 5;

/**
 * The rule of freshness. `'drop'`: evicted, too old or idle too long. `'probe'`: suspect, or not proven
 * within the bypass. `'look'`: let the loop turn first, because it may have been stalled. `'take'` otherwise.
 */
export function freshness(entry: Entry<object>, context: FreshnessContext): Freshness {
  const { now, aliveBypassMs, suspectBefore, loopSeenAt } = context;
  if (isObsolete(entry, now)) return 'drop';
  if (entry.provenAt < suspectBefore || now - entry.provenAt > aliveBypassMs) return 'probe';
  return now - loopSeenAt > STALL_MS ? 'look' : 'take';
}

/** Whether an idle connection is to be replaced without asking it. */
export function isObsolete(entry: Entry<object>, now: number): boolean {
  return entry.evicted || now >= obsoleteAt(entry);
}

/** When an idle connection becomes obsolete. */
export function obsoleteAt(entry: Entry<object>): number {
  return Math.min(entry.expiresAt, entry.idleSince + entry.idleLimitMs);
}

/** Lifetimes are spread by this share, so that connections born together do not die together. */
const LIFETIME_SPREAD = 0.025;

/**
 * A connection's lifetime, in milliseconds: the given one, less up to 2.5 %.
 *
 * @param random a number in [0, 1).
 */
export function spreadLifetime(maxLifetimeMs: number, random: number = Math.random()): number {
  return maxLifetimeMs * (1 - LIFETIME_SPREAD * random);
}

/** The server's limit is kept by this share, for the time that a request is on its way. */
const SERVER_LIMIT_SHARE = 0.9;

/** How long a connection may idle: our limit, or a little less than the server's. */
export function idleLimit(ourLimitMs: number, serverLimitMs: number): number {
  return Math.min(ourLimitMs, serverLimitMs * SERVER_LIMIT_SHARE);
}
