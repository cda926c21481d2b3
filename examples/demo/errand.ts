import mysql, { type Connection } from 'mysql2/promise';

/** Does something on a connection of its own, straight to the database. */
export async function errand<T>(uri: string, run: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await mysql.createConnection(uri);
  try {
    return await run(connection);
  } finally {
    await connection.end();
  }
}
