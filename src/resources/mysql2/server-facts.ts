import type { RawConnection } from './raw-connection.js';

/** What a server said of itself and of the connection when it was opened. */
export interface ServerFacts {
  /** Milliseconds that the server lets a connection idle. */
  readonly waitTimeoutMs: number;
  /** The largest statement it takes, in bytes. */
  readonly maxAllowedPacket: number;
  /**
   * Which server it is; `undefined` when that cannot be told, or when something between speaks in its place:
   * then the connection's id means nothing to the server.
   */
  readonly server: string | undefined;
  /** Where the server sees the connection come from: address and port, or no more than `localhost`. */
  readonly client: string | undefined;
}

const ASK =
  'SELECT @@SESSION.wait_timeout AS waitTimeout, @@max_allowed_packet AS maxAllowedPacket, ' +
  '@@server_id AS serverId, @@hostname AS hostname, @@port AS port, CONNECTION_ID() AS connectionId, ' +
  '(SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()) AS client';

interface Row {
  readonly waitTimeout?: unknown;
  readonly maxAllowedPacket?: unknown;
  readonly serverId?: unknown;
  readonly hostname?: unknown;
  readonly port?: unknown;
  readonly connectionId?: unknown;
  readonly client?: unknown;
}

/** Asks for the facts; a server that does not know these variables sets no limits that we know of. */
export async function askFacts(raw: RawConnection): Promise<ServerFacts> {
  const row = await ask(raw);
  const { serverId, hostname, port, connectionId } = row;
  const direct = connectionId !== undefined && Number(connectionId) === raw.threadId;
  return {
    waitTimeoutMs: positive(row.waitTimeout) * 1000,
    maxAllowedPacket: positive(row.maxAllowedPacket),
    server: direct ? [serverId, hostname, port].join('/') : undefined,
    client: typeof row.client === 'string' ? row.client : undefined,
  };
}

function ask(raw: RawConnection): Promise<Row> {
  return new Promise((resolve, reject) => {
    raw.query({ sql: ASK, rowsAsArray: false, nestTables: false }, undefined, (error, rows) => {
      const { errno, fatal } = (error ?? {}) as { errno?: unknown; fatal?: unknown };
      if (error === null || error === undefined) resolve((rows as Row[])[0] ?? {});
      else if (typeof errno === 'number' && errno > 0 && fatal !== true) resolve({});
      else reject(error);
    });
  });
}

function positive(value: unknown): number {
  const number = Number(value);
  return number > 0 ? number : Number.POSITIVE_INFINITY;
}
