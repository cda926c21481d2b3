/** Where a connection of the pool is: one place sets it, {@link Pool}. */
export type EntryState = 'idle' | 'checking' | 'lent' | 'resetting' | 'gone';

/** A connection of the pool and what is known of its freshness. Times on the monotonic clock, in milliseconds. */
export interface Entry<C extends object> {
  readonly connection: C;
  /** When it is to be replaced. */
  readonly expiresAt: number;
  /** How long it may idle. */
  readonly idleLimitMs: number;
  /** When it was last seen alive: a reply was read from it. */
  provenAt: number;
  /** Since when it idles. */
  idleSince: number;
  /** Whether it is to be replaced at its next return, whatever its age. */
  evicted: boolean;
  state: EntryState;
}
