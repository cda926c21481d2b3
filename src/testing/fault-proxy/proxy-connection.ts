/** A connection that a client made to a proxy, as seen from outside. */
export interface ProxyConnection {
  /** Counts the connections that the proxy accepted, from 1. */
  readonly id: number;
  /** The server's id of the connection, as `CONNECTION_ID()` gives it; once its greeting has passed. */
  readonly threadId: number | undefined;
  /** The client's own port: tells which socket of a pool this is. */
  readonly clientPort: number | undefined;
  /**
   * `forwarding`; `held` or `silenced` by {@link FaultProxy.silence} or {@link FaultProxy.mute};
   * `finished` by {@link FaultProxy.fin}; `closed`.
   */
  readonly state: 'forwarding' | 'held' | 'silenced' | 'finished' | 'closed';
}

/**
 * Which connections a fault is for: all there are, the one accepted first or last, those for which a
 * function returns true, or those listed.
 */
export type ConnectionSelector =
  | 'all'
  | 'oldest'
  | 'newest'
  | ((connection: ProxyConnection) => boolean)
  | readonly ProxyConnection[];

/** The selected ones among `connections`, which come in the order they were accepted. */
export function select<C extends ProxyConnection>(
  connections: readonly C[],
  selector: ConnectionSelector,
): readonly C[] {
  if (selector === 'all') return connections;
  if (selector === 'oldest') return connections.slice(0, 1);
  if (selector === 'newest') return connections.slice(-1);
  if (typeof selector === 'function') return connections.filter((connection) => selector(connection));
  return connections.filter((connection) => selector.includes(connection));
}
