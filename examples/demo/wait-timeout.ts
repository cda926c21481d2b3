import type { TestDatabase } from 'fresh-connections/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { errand } from './errand.js';
import type { Undo } from './undo.js';

interface WaitTimeout {
  readonly database: TestDatabase;
  readonly seconds: number;
  readonly undo: Undo;
}

/** Runs something while new connections of the database may idle only so long. */
export async function withWaitTimeout(
  { database, seconds, undo }: WaitTimeout,
  run: () => Promise<void>,
): Promise<void> {
  const [rows] = await errand(database.uri, (connection) =>
    connection.query<RowDataPacket[]>('SELECT @@GLOBAL.wait_timeout AS seconds'),
  );
  const restore = (): Promise<void> => database.setGlobal('wait_timeout', Number(rows[0]?.seconds));
  // A Ctrl-C leaves no time for `finally`, and the server may be somebody else's.
  if (database.kind === 'external') undo.add(restore);
  await database.setGlobal('wait_timeout', seconds);
  try {
    await run();
  } finally {
    await restore();
  }
}
