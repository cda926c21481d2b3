import freshMysql from 'fresh-connections/mysql2/promise';
import { FaultProxy, type PrivateDatabase } from 'fresh-connections/testing';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';

const ADD = 'UPDATE account SET balance = balance + 1 WHERE id = 1';
/** More than the connections that a restarted server had before it. */
const STRANGERS = 40;

/** How a run went in which the old connection id belongs to somebody else by the time it is looked for. */
export interface StrangersVerdict {
  /** Whether a stranger has the id of the lost connection. */
  readonly sameId: boolean;
  /** Strangers that are gone. */
  readonly killed: number;
  /** What the transaction was told to be. */
  readonly told: 'done' | 'failed' | 'unknown';
  /** How often its effect is there. */
  readonly effects: number;
}

/** The server restarts between the loss of a COMMIT's reply and the KILL; strangers take all low ids. */
export async function afterRestart(server: PrivateDatabase): Promise<StrangersVerdict> {
  const { host, port, user, password, database } = server;
  await using proxy = await FaultProxy.start({ target: { host, port } });
  const pool = freshMysql.createPool({
    ...{ host: proxy.host, port: proxy.port, user, password, database, connectionLimit: 2 },
    fresh: { name: 'strangers after a restart' },
  });
  const [[row]] = await pool.query<RowDataPacket[]>('SELECT balance FROM account WHERE id = 1');
  const before = Number(row?.balance);
  const lostId = { value: 0 };
  const cut = proxy.cut({
    ...{ direction: 'to-client', at: { command: 'COM_QUERY', sql: /^COMMIT/ }, when: 'before', how: 'reset' },
  } as const);
  const strangers: Connection[] = [];
  const restarted = cut.hit.then(async () => {
    // Nobody gets through until the strangers are in.
    proxy.refuse();
    proxy.reset();
    await server.crash();
    await server.restart();
    for (let i = 0; i < STRANGERS; i += 1) strangers.push(await stranger(server.uri));
    await proxy.accept();
  });
  const told = await tell(async () => {
    await pool.query('SELECT CONNECTION_ID() AS id').then(([rows]) => {
      lostId.value = Number((rows as { id: unknown }[])[0]?.id);
    });
    await pool.query(ADD);
  }, pool);
  await restarted;
  const alive = await idsOf(strangers);
  const effects = (await balanceOf(server.uri)) - before;
  await pool.end();
  for (const connection of strangers) connection.destroy();
  return { sameId: alive.includes(lostId.value), killed: STRANGERS - alive.length, told, effects };
}

/** The side connection lands on another server, where strangers have all low ids. */
export async function onAnotherServer(
  server: PrivateDatabase,
  other: PrivateDatabase,
): Promise<StrangersVerdict> {
  const { host, port, user, password, database } = server;
  await using proxy = await FaultProxy.start({ target: { host, port } });
  const pool = freshMysql.createPool({
    ...{ host: proxy.host, port: proxy.port, user, password, database, connectionLimit: 2 },
    fresh: { name: 'strangers on another server', outageBufferMs: 2_000 },
  });
  const before = await balanceOf(server.uri);
  const strangers: Connection[] = [];
  let lostId = 0;
  const cut = proxy.cut({
    ...{ direction: 'to-client', at: { command: 'COM_QUERY', sql: /^COMMIT/ }, when: 'before', how: 'reset' },
  } as const);
  void cut.hit.then(() => {
    proxy.retarget({ host: other.host, port: other.port });
    proxy.reset();
  });
  const highest = (await highestId(server.uri)) + STRANGERS;
  while ((strangers.at(-1)?.threadId ?? 0) < highest) strangers.push(await stranger(other.uri));
  const told = await tell(async () => {
    const [rows] = await pool.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    lostId = Number(rows[0]?.id);
    await pool.query(ADD);
  }, pool);
  const alive = await idsOf(strangers);
  const effects = (await balanceOf(server.uri)) - before;
  await pool.end();
  const verdict = { sameId: alive.includes(lostId), killed: strangers.length - alive.length, told, effects };
  for (const connection of strangers) connection.destroy();
  return verdict;
}

async function tell(
  work: () => Promise<void>,
  pool: { transaction(work: () => Promise<void>, options: { exactlyOnce: true }): Promise<void> },
): Promise<StrangersVerdict['told']> {
  try {
    await pool.transaction(work, { exactlyOnce: true });
    return 'done';
  } catch (error) {
    const { reason, code } = error as { reason?: unknown; code?: unknown };
    return reason === 'OUTCOME_UNKNOWN' || code === 'ECONNRESET' || code === 'PROTOCOL_CONNECTION_LOST'
      ? 'unknown'
      : 'failed';
  }
}

async function stranger(uri: string): Promise<Connection> {
  const connection = await mysql.createConnection({ uri });
  connection.on('error', () => undefined);
  return connection;
}

/** The ids of those that still answer. */
async function idsOf(connections: readonly Connection[]): Promise<number[]> {
  const ids: number[] = [];
  for (const connection of connections) {
    const answer = await connection
      .query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id')
      .catch(() => undefined);
    if (answer !== undefined) ids.push(Number(answer[0][0]?.id));
  }
  return ids;
}

async function highestId(uri: string): Promise<number> {
  const connection = await stranger(uri);
  const id = connection.threadId ?? 0;
  connection.destroy();
  return id;
}

async function balanceOf(uri: string): Promise<number> {
  const connection = await stranger(uri);
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT balance FROM account WHERE id = 1');
  connection.destroy();
  return Number(row?.balance);
}
