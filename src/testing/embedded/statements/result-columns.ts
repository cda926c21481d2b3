import { type ColumnType, columnType, type ResultColumn, type Value, WIRE_TYPES } from '../column.js';
import type { Catalog } from '../engine/catalog.js';
import type { ColumnPath, SelectItem } from '../sql/select-items.js';
import type { TableReference } from '../sql/tables.js';

/** Digits after the point of a number that has any. */
const NOT_FIXED = 31;
/** An average has so many more digits than what it is of. */
const AVERAGE_DIGITS = 4;
const TEXT = columnType(WIRE_TYPES.VAR_STRING);
const DOUBLE = columnType(WIRE_TYPES.DOUBLE, { decimals: NOT_FIXED });
const NOWHERE = { database: '', table: '', alias: '' };

/** What is known of a query. */
interface Query {
  readonly items: readonly SelectItem[];
  readonly tables: readonly TableReference[];
}

/** The columns of a result: of a declared type when they come from a table, else typed by their values. */
export function resultColumns(
  catalog: Catalog,
  query: Query,
  names: readonly string[],
  rows: readonly (readonly Value[])[],
): ResultColumn[] {
  const items = expanded(catalog, query);
  const known = items.length === names.length;
  return names.map((name, i) => {
    const item: SelectItem = (known ? items[i] : undefined) ?? {
      kind: 'column',
      name,
      path: { alias: undefined, column: name },
    };
    const values = rows.map((row) => row[i] ?? null);
    if (item.kind === 'column') return { ...columnAt(catalog, query, item.path, values), name };
    if (item.kind === 'moment') {
      return { ...NOWHERE, ...columnType(WIRE_TYPES.DATETIME, { decimals: item.decimals }), name };
    }
    const type = item.kind === 'aggregate' ? aggregateType(catalog, query, item, values) : typeOf(values);
    return { ...NOWHERE, ...type, name };
  });
}

/** Each star replaced by the columns it stands for. */
function expanded(catalog: Catalog, { items, tables }: Query): SelectItem[] {
  return items.flatMap((item): SelectItem[] => {
    if (item.kind !== 'star') return [item];
    return tables
      .filter(({ alias, depth }) => (item.alias === undefined ? depth === 0 : alias === item.alias))
      .flatMap(({ database, table, alias }) =>
        (catalog.table(database, table)?.columns ?? []).map(({ name }) => ({
          kind: 'column' as const,
          name,
          path: { alias, column: name },
        })),
      );
  });
}

function columnAt(
  catalog: Catalog,
  { tables }: Query,
  { alias, column: name }: ColumnPath,
  values: readonly Value[],
): Omit<ResultColumn, 'name'> {
  const candidates = alias === undefined ? tables : tables.filter((table) => table.alias === alias);
  const found = catalog.column(candidates, name);
  if (!found) return { ...NOWHERE, ...typeOf(values) };
  const { wire, unsigned, binary, decimals } = found.column.type;
  const { database, table, alias: foundAlias } = found.reference;
  return { database, table, alias: foundAlias, wire, unsigned, binary, decimals };
}

function aggregateType(
  catalog: Catalog,
  query: Query,
  { average, path }: Extract<SelectItem, { kind: 'aggregate' }>,
  values: readonly Value[],
): ColumnType {
  const of = path ? columnAt(catalog, query, path, values) : typeOf(values);
  if (of.wire === WIRE_TYPES.DOUBLE || of.wire === WIRE_TYPES.FLOAT) return DOUBLE;
  const decimals = of.wire === WIRE_TYPES.NEWDECIMAL ? of.decimals : 0;
  return columnType(WIRE_TYPES.NEWDECIMAL, { decimals: decimals + (average ? AVERAGE_DIGITS : 0) });
}

/** The narrowest type that all values fit. */
function typeOf(values: readonly Value[]): ColumnType {
  const present = values.filter((value) => value !== null);
  if (present.length === 0 || present.some((value) => typeof value === 'string')) return TEXT;
  if (present.some((value) => value instanceof Uint8Array))
    return columnType(WIRE_TYPES.BLOB, { binary: true });
  return present.every((value) => Number.isInteger(Number(value))) ? columnType(WIRE_TYPES.LONGLONG) : DOUBLE;
}
