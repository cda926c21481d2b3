import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Connection, FieldPacket, QueryOptions } from 'mysql2';

/** The callback of a statement. */
export type ResultCallback = (error: unknown, rows?: unknown, fields?: FieldPacket[]) => void;

/** A command in mysql2's queue. */
export interface RawCommand extends EventEmitter {
  /** `null` until the command has been written. */
  readonly next: unknown;
  onResult?: ResultCallback | undefined;
  readonly sql: string;
  readonly values?: unknown;
}

/** A statement's options, as mysql2 takes them in the place of a text. */
export type StatementOptions = QueryOptions & { readonly values?: unknown };

/**
 * The part of mysql2's connection that is relied upon, its internals included: whether a connection is dead or
 * busy, and whether a command was written, can be told by nothing that it publishes.
 */
export interface RawConnection extends EventEmitter {
  readonly stream: Socket;
  readonly threadId: number | null;
  readonly config: Connection['config'] & { readonly database?: string };
  readonly authorized: boolean;
  readonly _closing?: boolean;
  readonly _fatalError: unknown;
  readonly _protocolError: unknown;
  readonly _command: RawCommand | null | undefined;
  readonly _commands: { readonly length: number };
  query(sql: string | StatementOptions, values?: unknown, callback?: ResultCallback): RawCommand;
  execute(sql: string | StatementOptions, values?: unknown, callback?: ResultCallback): RawCommand;
  ping(callback: (error: unknown) => void): unknown;
  reset(callback: (error: unknown) => void): unknown;
  connect(callback: (error: unknown) => void): void;
  end(callback?: (error: unknown) => void): unknown;
}
