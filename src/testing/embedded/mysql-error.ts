/** An error as a MySQL server reports it: a number, an SQLSTATE and a message. */
export class MysqlError extends Error {
  readonly errno: number;
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string) {
    super(message);
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** The errors that more than one place reports. */
export const errors = {
  accessDenied: (user: string, host: string, withPassword: boolean): MysqlError =>
    new MysqlError(
      1045,
      '28000',
      `Access denied for user '${user}'@'${host}' (using password: ${withPassword ? 'YES' : 'NO'})`,
    ),
  interrupted: (): MysqlError => new MysqlError(1317, '70100', 'Query execution was interrupted'),
  lockWaitTimeout: (): MysqlError =>
    new MysqlError(1205, 'HY000', 'Lock wait timeout exceeded; try restarting transaction'),
  noDatabase: (): MysqlError => new MysqlError(1046, '3D000', 'No database selected'),
  notSupported: (what: string): MysqlError =>
    new MysqlError(1235, '42000', `The embedded server doesn't support ${what}`),
  syntax: (near: string): MysqlError =>
    new MysqlError(1064, '42000', `You have an error in your SQL syntax near '${near.slice(0, 80)}'`),
  unknownColumn: (name: string): MysqlError =>
    new MysqlError(1054, '42S22', `Unknown column '${name}' in 'field list'`),
  unknownDatabase: (name: string): MysqlError => new MysqlError(1049, '42000', `Unknown database '${name}'`),
  unknownStatement: (): MysqlError =>
    new MysqlError(1243, 'HY000', 'Unknown prepared statement handler given to mysqld_stmt_execute'),
  unknownTable: (database: string, table: string): MysqlError =>
    new MysqlError(1146, '42S02', `Table '${database}.${table}' doesn't exist`),
  unknownThread: (id: number): MysqlError => new MysqlError(1094, 'HY000', `Unknown thread id: ${id}`),
  unknownVariable: (name: string): MysqlError =>
    new MysqlError(1193, 'HY000', `Unknown system variable '${name}'`),
} as const;

/** An error of ours as it is; what we did not foresee as an unknown error, rather than none. */
export function asMysqlError(error: unknown): MysqlError {
  if (error instanceof MysqlError) return error;
  return new MysqlError(1105, 'HY000', error instanceof Error ? error.message : String(error));
}
