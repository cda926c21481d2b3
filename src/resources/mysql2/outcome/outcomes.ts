import { randomUUID } from 'node:crypto';
import type { Call } from '../../../core/call/index.js';
import { digest, fingerprint, type IdempotencyKey, jsonCodec } from '../../../core/once/index.js';
import type { Pool } from '../../../core/pool/index.js';
import type { Session } from '../session.js';
import { KeyTurns } from './key-turns.js';
import { DEFAULT_TABLE, OutcomeTable, qualified } from './outcome-table.js';
import { Purge } from './purge.js';
import { type Identity, type OutcomeKeeper, TransactionOutcome } from './transaction-outcome.js';

/** How long rows are kept by default: as long as a client may repeat its call. */
const DEFAULT_RETENTION_MS = 86_400_000;

/** What outcomes are kept with. */
export interface OutcomesOptions {
  readonly outcomeTable?: string | undefined;
  readonly outcomeRetentionMs?: number | undefined;
  readonly database: string | undefined;
  /** How long one goes on asking for an outcome, in milliseconds; the call's deadline counts where it is earlier. */
  readonly resolveWithinMs: number;
}

/** The transactions of a resource that are run exactly once. */
export class Outcomes implements OutcomeKeeper {
  readonly pool: Pool<Session>;
  readonly table: OutcomeTable;
  readonly resolveWithinMs: number;
  readonly #turns = new KeyTurns();
  readonly #purge: Purge;
  #count = 0;

  constructor(pool: Pool<Session>, options: OutcomesOptions) {
    const { outcomeTable = DEFAULT_TABLE, outcomeRetentionMs = DEFAULT_RETENTION_MS, database } = options;
    this.pool = pool;
    this.table = new OutcomeTable(qualified(outcomeTable, database));
    this.resolveWithinMs = options.resolveWithinMs;
    // A row that is gone while its outcome is asked for would pass for a transaction that was rolled back.
    const keptMs = Math.max(outcomeRetentionMs, 2 * options.resolveWithinMs);
    this.#purge = new Purge(pool, this.table, keptMs);
  }

  /** Begins to keep the outcome of a transaction; one with a key waits for its turn. */
  async open(exactlyOnce: true | IdempotencyKey, call: Call | undefined): Promise<TransactionOutcome> {
    const identity = this.#identify(exactlyOnce, call);
    const endTurn =
      identity.keyed === undefined ? () => undefined : await this.#turns.take(identity.id, call);
    return new TransactionOutcome(this, identity, call, endTurn);
  }

  /** A transaction was committed. */
  noteCommitted(): void {
    this.#purge.noteRow();
  }

  #identify(exactlyOnce: true | IdempotencyKey, call: Call | undefined): Identity {
    if (exactlyOnce === true) {
      this.#count += 1;
      return { id: `${call?.id ?? randomUUID()}/${this.#count}` };
    }
    const { key, scope = '', args, codec = jsonCodec } = exactlyOnce;
    return { id: digest(JSON.stringify([scope, key])), keyed: { fingerprint: fingerprint(args), codec } };
  }
}
