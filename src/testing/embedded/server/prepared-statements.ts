import { errors } from '../mysql-error.js';
import { parameterCount } from '../sql/literal.js';
import type { Token } from '../sql/token.js';
import type { ParameterType } from '../wire/parameters.js';

/** A statement that a client prepared. */
export interface PreparedStatement {
  readonly id: number;
  readonly sql: string;
  readonly tokens: readonly Token[];
  readonly parameters: number;
  types: readonly ParameterType[];
  /** Parameters that were sent in pieces, ahead of the execution. */
  readonly longData: Map<number, Buffer>;
}

/** The prepared statements of a session. */
export class PreparedStatements {
  readonly #statements: Map<number, PreparedStatement> = new Map();
  #lastId = 0;

  add(sql: string, tokens: readonly Token[]): PreparedStatement {
    const id = ++this.#lastId;
    const statement = { id, sql, tokens, parameters: parameterCount(tokens), types: [], longData: new Map() };
    this.#statements.set(id, statement);
    return statement;
  }

  get(id: number): PreparedStatement {
    const statement = this.#statements.get(id);
    if (!statement) throw errors.unknownStatement();
    return statement;
  }

  remove(id: number): void {
    this.#statements.delete(id);
  }

  clear(): void {
    this.#statements.clear();
  }
}
