/** What every database to test against offers. */
interface DatabaseAccess {
  /** For people: what this is, such as `MariaDB 10.11.19, private instance`. */
  readonly description: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The database that {@link uri} names; it exists. */
  readonly database: string;
  /** `mysql://user:password@host:port/database`. */
  readonly uri: string;
  /** The URI of another database of the server; without a name, of none. */
  connectionUri(database?: string): string;
  /** Sets a global variable of the server, such as `max_connections`. */
  setGlobal(name: string, value: string | number | boolean): Promise<void>;
  /**
   * Kills all connections but the one it uses itself, and resolves to their number once they are gone. Of
   * an external server, only those of the same user.
   */
  killAll(): Promise<number>;
  /** Gives the database up. A private instance ends and its data is removed; an external one goes on. */
  stop(): Promise<void>;
  /** The same as {@link stop}. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server that was there before and that others may use: it is not for us to crash. */
export interface ExternalDatabase extends DatabaseAccess {
  readonly kind: 'external';
}

/** A server of our own. */
export interface PrivateDatabase extends DatabaseAccess {
  readonly kind: PrivateKind;
  /** The server's unix socket, where it has one. */
  readonly socketPath?: string;
  /** The certificate to trust, when TLS was asked for. */
  readonly tls?: { readonly ca: string };
  /** Ends the server without warning, as SIGKILL or a power cut would. What was committed stays. */
  crash(): Promise<void>;
  /**
   * Starts the server again after {@link crash}, or stops and starts it: same port, same data. Resolves
   * when it accepts connections; rejects with the end of its log when it does not come up.
   */
  restart(): Promise<void>;
  /** Stops the server in its tracks (SIGSTOP): connections stay open, new ones too, and nothing answers. */
  freeze(): void;
  /** Lets a frozen server go on. */
  thaw(): void;
}

/** The kinds of private database. */
export type PrivateKind = 'mariadb' | 'mysql' | 'embedded';

/** A database to run tests against. */
export type TestDatabase = ExternalDatabase | PrivateDatabase;
