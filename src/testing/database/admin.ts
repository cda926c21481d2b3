import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { importMysql } from '../import-optional.js';

const ER_NO_SUCH_THREAD = 1094;
const POLL_MS = 2;
const GONE_TIMEOUT_MS = 5_000;

/**
 * Which connections {@link killAll} kills: those of the account it uses itself, or those of all others. The
 * server's own threads have no host.
 */
const VICTIMS = {
  mine: "USER = SUBSTRING_INDEX(USER(), '@', 1) AND ID <> CONNECTION_ID()",
  others: "USER <> SUBSTRING_INDEX(USER(), '@', 1) AND HOST <> ''",
} as const;

/** Sets a global variable; the name is checked, for it can't be a parameter. */
export async function setGlobal(uri: string, name: string, value: string | number | boolean): Promise<void> {
  if (!/^[a-z_][a-z0-9_]*$/i.test(name)) throw new RangeError(`not the name of a variable: ${name}`);
  await connected(uri, (connection) => connection.query(`SET GLOBAL ${name} = ?`, [value]));
}

/** Kills connections; resolves to their number once they are gone. */
export function killAll(uri: string, victims: keyof typeof VICTIMS): Promise<number> {
  return connected(uri, async (connection) => {
    const doomed = await list(connection, victims);
    const deadline = performance.now() + GONE_TIMEOUT_MS;
    for (let left = doomed; left.length > 0; ) {
      await kill(connection, left);
      left = (await list(connection, victims)).filter((id) => doomed.includes(id));
      if (left.length === 0) break;
      if (performance.now() > deadline)
        throw new Error(`killed connections are still there: ${left.join(', ')}`);
      await sleep(POLL_MS);
    }
    return doomed.length;
  });
}

async function list(connection: Connection, victims: keyof typeof VICTIMS): Promise<readonly number[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ID FROM information_schema.PROCESSLIST WHERE ${VICTIMS[victims]}`,
  );
  return rows.map((row) => Number(row.ID));
}

/** All in one packet: one by one, a client would find time to move on to the next that is doomed. */
async function kill(connection: Connection, ids: readonly number[]): Promise<void> {
  try {
    await connection.query(ids.map((id) => `KILL ${id}`).join(';'));
  } catch (error) {
    // One was gone by itself, which keeps those after it from being killed: they are still listed.
    if (!(error instanceof Error && 'errno' in error && error.errno === ER_NO_SUCH_THREAD)) throw error;
  }
}

async function connected<T>(uri: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const mysql = await importMysql();
  const connection = await mysql.createConnection({ uri, multipleStatements: true });
  // mysql2 emits 'error' on a connection that is lost while idle, which would end the process.
  connection.on('error', () => {});
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
