export type { StartDatabaseOptions } from './options.js';
export { startDatabase } from './start-database.js';
export type { ExternalDatabase, PrivateDatabase, PrivateKind, TestDatabase } from './test-database.js';
