import { errors, MysqlError } from '../mysql-error.js';
import type { ColumnDefinition } from '../sql/column-definition.js';
import type { KeyDefinition, TableDefinition } from '../sql/create-table.js';
import { INFORMATION_SCHEMA, storedName, type TableReference } from '../sql/tables.js';

/** The databases and tables there are, as MySQL knows them. */
export class Catalog {
  readonly #databases: Set<string> = new Set();
  readonly #tables: Map<string, TableDefinition> = new Map();

  get databases(): readonly string[] {
    return [...this.#databases].sort();
  }

  tablesOf(database: string): readonly TableDefinition[] {
    return [...this.#tables.values()].filter((table) => table.database === database);
  }

  hasDatabase(name: string): boolean {
    return this.#databases.has(name) || name.toLowerCase() === INFORMATION_SCHEMA;
  }

  requireDatabase(name: string): void {
    if (!this.hasDatabase(name)) throw errors.unknownDatabase(name);
  }

  addDatabase(name: string, ifNotExists: boolean): void {
    if (this.hasDatabase(name) && !ifNotExists) {
      throw new MysqlError(1007, 'HY000', `Can't create database '${name}'; database exists`);
    }
    this.#databases.add(name);
  }

  removeDatabase(name: string): void {
    this.#databases.delete(name);
  }

  table(database: string, table: string): TableDefinition | undefined {
    return this.#tables.get(storedName(database, table));
  }

  requireTable(database: string, table: string): TableDefinition {
    const definition = this.table(database, table);
    if (!definition) throw errors.unknownTable(database, table);
    return definition;
  }

  setTable(definition: TableDefinition): void {
    this.#tables.set(storedName(definition.database, definition.table), definition);
  }

  removeTable(database: string, table: string): void {
    this.#tables.delete(storedName(database, table));
  }

  /** The key of these columns, of a table by its stored name. */
  readonly findKey = (stored: string, columns: readonly string[]): KeyDefinition | undefined =>
    this.#tables
      .get(stored)
      ?.keys.find((key) => key.kind !== 'plain' && key.columns.join() === columns.join());

  /** A column by its name, and the table it is of. Names of columns are not sensitive to case. */
  column(
    tables: readonly TableReference[],
    name: string,
  ): { reference: TableReference; column: ColumnDefinition } | undefined {
    for (const reference of tables) {
      const definition = this.table(reference.database, reference.table);
      const column = definition?.columns.find((other) => other.name.toLowerCase() === name.toLowerCase());
      if (column) return { reference, column };
    }
    return undefined;
  }
}
