import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';

/** A connection whose loss does not end the process; `lost` resolves to what it was told of it. */
export async function connect(options: ConnectionOptions): Promise<Connection & { lost: Promise<Error> }> {
  const connection = await mysql.createConnection(options);
  const lost = new Promise<Error>((resolve) => {
    connection.on('error', resolve);
  });
  return Object.assign(connection, { lost });
}

/** The rows of a query. */
export async function rows(
  connection: Connection,
  sql: string,
  values: (string | number | bigint | Date | Buffer | null)[] = [],
): Promise<RowDataPacket[]> {
  const [result] = await connection.query<RowDataPacket[]>(sql, values);
  return result;
}

/** The error with which a promise rejects. */
export async function failure(
  promise: Promise<unknown>,
): Promise<NodeJS.ErrnoException & { sqlState?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
