import type { TestDatabase } from 'fresh-connections/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { errand } from './errand.js';

/** Runs something while new connections of the database may idle only so long, in seconds. */
export async function withWaitTimeout(
  database: TestDatabase,
  seconds: number,
  run: () => Promise<void>,
): Promise<void> {
  const [rows] = await errand(database.uri, (connection) =>
    connection.query<RowDataPacket[]>('SELECT @@GLOBAL.wait_timeout AS seconds'),
  );
  await database.setGlobal('wait_timeout', seconds);
  try {
    await run();
  } finally {
    await database.setGlobal('wait_timeout', Number(rows[0]?.seconds));
  }
}
