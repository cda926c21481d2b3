/** A row of a table of the information schema. */
export type InformationRow = readonly (string | number | null)[];

/** The tables of the information schema that there are, with their columns. */
export const INFORMATION_TABLES = {
  COLUMNS: [
    'TABLE_CATALOG',
    'TABLE_SCHEMA',
    'TABLE_NAME',
    'COLUMN_NAME',
    'ORDINAL_POSITION',
    'IS_NULLABLE',
    'COLUMN_KEY',
    'EXTRA',
  ],
  PROCESSLIST: ['ID', 'USER', 'HOST', 'DB', 'COMMAND', 'TIME', 'STATE', 'INFO'],
  SCHEMATA: ['CATALOG_NAME', 'SCHEMA_NAME', 'DEFAULT_CHARACTER_SET_NAME', 'DEFAULT_COLLATION_NAME'],
  TABLES: ['TABLE_CATALOG', 'TABLE_SCHEMA', 'TABLE_NAME', 'TABLE_TYPE', 'ENGINE'],
} as const;
