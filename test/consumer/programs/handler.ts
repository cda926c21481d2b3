// Compiled and run four times: as ESM and CommonJS, with TC39 and with experimentalDecorators.
import assert from 'node:assert/strict';
import { connections, ServiceException, withFreshConnections } from 'fresh-connections';
import callbackStyle, { createPool } from 'fresh-connections/mysql2';
import mysql, * as everything from 'fresh-connections/mysql2/promise';

// Nothing connects before the first query.
const db: mysql.Pool = mysql.createPool({ host: '127.0.0.1', user: 'nobody', fresh: { name: 'accounts' } });

interface Account extends mysql.RowDataPacket {
  readonly balance: number;
}

class AccountHandler {
  @withFreshConnections({ idempotent: true })
  async balance(id: number): Promise<number> {
    if (id === 0) throw new ServiceException('NOT_FOUND', 'no such account');
    return id;
  }

  // Compiled, never called: it wants a server.
  @withFreshConnections({ idempotent: true })
  async read(id: number): Promise<number> {
    const [rows] = await db.query<Account[]>('SELECT balance FROM account WHERE id = ?', [id]);
    return rows[0]?.balance ?? 0;
  }
}

async function main(): Promise<void> {
  const handler = new AccountHandler();
  assert.equal(await handler.balance(7), 7);
  await assert.rejects(handler.balance(0), (error) => error instanceof ServiceException);

  assert.equal(everything.createPool, mysql.createPool);
  assert.equal(everything.default.createPool, mysql.createPool);
  assert.equal(createPool, callbackStyle.createPool);
  assert.notEqual(createPool, mysql.createPool);
  assert.ok(connections);

  await db.end();
  console.log('ok');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
