import type { Entry, Pool } from '../../../core/pool/index.js';
import { now } from '../../../core/process/clock.js';
import { errorFields, logger } from '../../../core/process/logger.js';
import type { Session } from '../session.js';
import type { OutcomeTable } from './outcome-table.js';

const EVERY_MS = 60_000;
const LATER_MS = 1_000;
const BATCH = 500;
const BETWEEN_BATCHES_MS = 50;

/** Removes old rows, in small batches, from time to time while new ones are written. */
export class Purge {
  readonly #pool: Pool<Session>;
  readonly #table: OutcomeTable;
  readonly #retentionMs: number;
  #dueAt = now();

  constructor(pool: Pool<Session>, table: OutcomeTable, retentionMs: number) {
    this.#pool = pool;
    this.#table = table;
    this.#retentionMs = retentionMs;
  }

  /** A row was written. Nobody waits for what comes of it. */
  noteRow(): void {
    if (now() < this.#dueAt || this.#retentionMs === Number.POSITIVE_INFINITY) return;
    this.#dueAt = now() + EVERY_MS;
    this.#next();
  }

  #next(): void {
    setTimeout(() => void this.#batch(), BETWEEN_BATCHES_MS).unref();
  }

  async #batch(): Promise<void> {
    const { idle, waiting } = this.#pool.stats;
    if (this.#pool.closed) return;
    // Only while nobody needs the connection.
    if (idle === 0 || waiting > 0) {
      this.#dueAt = now() + LATER_MS;
      return;
    }
    let entry: Entry<Session> | undefined;
    try {
      entry = await this.#pool.take();
      const removed = await this.#table.purge(entry.connection, this.#retentionMs, BATCH);
      this.#pool.give(entry, true);
      if (removed === BATCH) this.#next();
    } catch (error) {
      if (entry !== undefined) this.#pool.discard(entry, !entry.connection.open);
      logger().warn(errorFields(error, false), 'old outcomes could not be removed; trying again later');
    }
  }
}
