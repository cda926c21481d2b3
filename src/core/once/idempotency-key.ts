import type { ResultCodec } from './codec.js';

/** What makes two calls one: the second gets the first one's result. */
export interface IdempotencyKey {
  /** Chosen by the client, anew for each thing it wants done. */
  readonly key: string;
  /** In what the key is unique: a method, a caller. Default: everywhere. */
  readonly scope?: string;
  /** What is asked for: with other arguments the same key is refused. Default: not compared. */
  readonly args?: unknown;
  /** How the result is kept. Default: JSON. */
  readonly codec?: ResultCodec;
}
