import mysql2promise from 'mysql2/promise';

interface CallbackConnection {
  release?(): void;
  close(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
  unprepare(sql: unknown): unknown;
  createBinlogStream(options: unknown): unknown;
}

/** mysql2's promise connection, as a class; its types do not export it as one. */
interface PromiseConnectionClass {
  new (connection: object, promiseImpl?: PromiseConstructor): { readonly connection: CallbackConnection };
}

const PromisePoolConnection: PromiseConnectionClass = (
  mysql2promise as unknown as { PromisePoolConnection: PromiseConnectionClass }
).PromisePoolConnection;

/**
 * mysql2's own promise wrapper, around a connection of ours. What mysql2 would run as a method of its own
 * connection goes to ours; a holder that released it once cannot release it for the next one.
 */
export class FreshPromiseConnection extends PromisePoolConnection {
  #released = false;

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.connection.release?.();
  }

  close(): void {
    this.connection.close();
  }

  destroy(): void {
    this.#released = true;
    this.connection.destroy();
  }

  pause(): void {
    this.connection.pause();
  }

  resume(): void {
    this.connection.resume();
  }

  unprepare(sql: unknown): unknown {
    return this.connection.unprepare(sql);
  }

  createBinlogStream(options: unknown): unknown {
    return this.connection.createBinlogStream(options);
  }
}

/** The promise wrapper of a connection. */
export function promiseConnection(
  connection: object,
  promiseImpl: PromiseConstructor = Promise,
): FreshPromiseConnection {
  return new FreshPromiseConnection(connection, promiseImpl);
}
