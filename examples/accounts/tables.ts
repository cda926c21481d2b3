import { runCall } from 'fresh-connections';
import type { Pool } from 'mysql2/promise';

const TABLES = [
  `CREATE TABLE IF NOT EXISTS account (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    owner VARCHAR(255) NOT NULL,
    balance BIGINT NOT NULL,
    seen_at DATETIME NULL
  ) ENGINE = InnoDB`,
  // The key is the service's own guard: a client that never got a reply may send its transfer again.
  `CREATE TABLE IF NOT EXISTS transfer (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    transfer_id VARCHAR(64) NOT NULL UNIQUE,
    from_id BIGINT NOT NULL,
    to_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    KEY (from_id),
    KEY (to_id)
  ) ENGINE = InnoDB`,
];

/** Creates what is missing. A database that is still starting is waited for. Amounts are in cents. */
export function createTables(db: Pool): Promise<void> {
  return runCall({ method: 'create tables', idempotent: true }, async () => {
    for (const table of TABLES) await db.query(table);
  });
}
