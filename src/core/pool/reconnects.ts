import { logger } from '../process/logger.js';
import type { ConnectionLabel } from './driver.js';

/** How many lost connections are remembered. */
const MAX_LOST = 64;

/** Tells of each connection that was opened in the place of a lost one, as the mariadb client does. */
export class Reconnects {
  readonly #resource: string;
  readonly #tell: ((before: ConnectionLabel, after: ConnectionLabel) => void) | undefined;
  readonly #lost: ConnectionLabel[] = [];

  constructor(resource: string, tell?: (before: ConnectionLabel, after: ConnectionLabel) => void) {
    this.#resource = resource;
    this.#tell = tell;
  }

  lost(label: ConnectionLabel): void {
    if (this.#lost.length < MAX_LOST) this.#lost.push(label);
  }

  opened(after: ConnectionLabel): void {
    const before = this.#lost.shift();
    if (before === undefined) return;
    const { id, database } = after;
    logger().info(
      { resource: this.#resource, oldId: before.id, newId: id, database },
      `no connection, reconnected; connection id: ${id}, current database: ${database ?? 'none'}`,
    );
    this.#tell?.(before, after);
  }
}
