import type { PrivateKind } from './test-database.js';

/** What {@link startDatabase} starts or connects to. */
export interface StartDatabaseOptions {
  /** An external server, `mysql://user:password@host:port/database`; default: the variable `MYSQL_URL`. */
  readonly uri?: string;
  /**
   * This kind and no other; `'private'` for any but an external one. Default: an external server when a URI
   * is given, else an installed server, else the embedded one.
   */
  readonly prefer?: 'external' | 'private' | PrivateKind;
  /** `max_connections` of a private instance; default 151, as the servers' own. */
  readonly maxConnections?: number;
  /** More arguments for an installed server, such as `--innodb-lock-wait-timeout=1`; after all others. */
  readonly args?: readonly string[];
  /** Gives an installed server a self-signed certificate, see `tls.ca`; default false. */
  readonly tls?: boolean;
}
