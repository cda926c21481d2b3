import type { INFORMATION_TABLES, InformationRow } from '../engine/information-tables.js';
import { errors } from '../mysql-error.js';
import { INFORMATION_SCHEMA, type TableReference } from '../sql/tables.js';
import type { ServerAccess, StatementContext } from './context.js';

const CATALOG = 'def';

type Fill = (server: ServerAccess) => readonly InformationRow[];

/** What each table of the information schema is filled with. */
const CONTENTS: Readonly<Record<keyof typeof INFORMATION_TABLES, Fill>> = {
  PROCESSLIST: (server) =>
    server
      .processes()
      .map(({ id, user, host, database = null, command, seconds, info = null }) => [
        id,
        user,
        host,
        database,
        command,
        seconds,
        info === null ? null : 'executing',
        info,
      ]),
  SCHEMATA: ({ engine }) =>
    engine.catalog.databases.map((name) => [CATALOG, name, 'utf8mb4', 'utf8mb4_general_ci']),
  TABLES: ({ engine }) =>
    engine.catalog.databases.flatMap((name) =>
      engine.catalog.tablesOf(name).map(({ table }) => [CATALOG, name, table, 'BASE TABLE', 'InnoDB']),
    ),
  COLUMNS: ({ engine }) =>
    engine.catalog.databases.flatMap((database) =>
      engine.catalog.tablesOf(database).flatMap(({ table, columns, keys }) =>
        columns.map(({ name, notNull, autoIncrement }, i) => {
          const primary = keys.some((key) => key.kind === 'primary' && key.columns.includes(name));
          const nullable = notNull || primary ? 'NO' : 'YES';
          const extra = autoIncrement ? 'auto_increment' : '';
          return [CATALOG, database, table, name, i + 1, nullable, primary ? 'PRI' : '', extra];
        }),
      ),
    ),
};

/** Brings the tables of the information schema that a statement reads up to date. */
export function fillInformation(tables: readonly TableReference[], { server }: StatementContext): void {
  for (const { database, table } of tables) {
    if (database !== INFORMATION_SCHEMA) continue;
    const name = table.toUpperCase();
    if (!isKnown(name)) throw errors.unknownTable(database, table);
    server.engine.inform(name, CONTENTS[name](server));
  }
}

function isKnown(name: string): name is keyof typeof CONTENTS {
  return name in CONTENTS;
}
