import process from 'node:process';

/** Where the server's database is. */
export const DATABASE_URI: string = setting('DATABASE_URI');
/** The prefix of the server's tables. */
export const TABLES: string = setting('TABLES');
/** Where the server listens; 0 for any free port. */
export const PORT: number = Number(setting('PORT'));
/** How long a call may take, in milliseconds, as far as the server decides. */
export const DEADLINE_MS: number = Number(setting('DEADLINE_MS'));

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the demo starts this server, with ${name} in its environment`);
  return value;
}
