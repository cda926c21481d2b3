import { describe } from 'vitest';
import { findServer } from '../../../../src/testing/database/server-binary.js';

const installed = (await findServer('mariadb')) !== undefined;

/** A suite that needs an installed MariaDB, and says so where it is skipped. */
export function describeWithMariadb(name: string, suite: () => void): void {
  describe.skipIf(!installed)(installed ? name : `${name} (needs MariaDB: mariadbd is not installed)`, suite);
}
