import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateDatabase, type PrivateKind, startDatabase } from '../../../../src/testing/index.js';
import { connect, failure, rows } from './connect.js';

/** What every private database does, whatever it is made of. */
export function privateDatabaseContract(kind: PrivateKind): void {
  let database: PrivateDatabase;
  beforeAll(async () => {
    database = await startDatabase({ prefer: kind, maxConnections: 20 });
  });
  afterAll(() => database?.stop());

  test('is of the kind asked for and has the database its URI names', async () => {
    expect(database.kind).toBe(kind);
    expect(database.uri).toBe(database.connectionUri(database.database));
    const connection = await connect({ uri: database.uri });
    expect(await rows(connection, 'SELECT DATABASE() AS name')).toEqual([{ name: database.database }]);
    await connection.end();
  });

  test('connects to no database when none is named', async () => {
    const connection = await connect({ uri: database.connectionUri() });
    expect(await rows(connection, 'SELECT DATABASE() AS name')).toEqual([{ name: null }]);
    await connection.end();
  });

  test('listens on 127.0.0.1 and asks for its password', async () => {
    expect(database.host).toBe('127.0.0.1');
    const { host, port, user } = database;
    expect(await failure(connect({ host, port, user, password: 'wrong' }))).toMatchObject({ errno: 1045 });
  });

  test('keeps committed rows through crash and restart, on the same port, and rolls back the rest', async () => {
    const before = await connect({ uri: database.uri });
    await before.query('CREATE TABLE kept (id INT PRIMARY KEY)');
    await before.query('INSERT INTO kept VALUES (1)');
    await before.beginTransaction();
    await before.query('INSERT INTO kept VALUES (2)');
    await database.crash();
    await before.lost;
    expect(await failure(connect({ uri: database.uri }))).toMatchObject({ code: 'ECONNREFUSED' });
    await database.restart();
    const after = await connect({ uri: database.uri });
    expect(await rows(after, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
    await after.end();
  });

  test('loses the statements that run when it crashes', async () => {
    const connection = await connect({ uri: database.uri });
    const running = failure(connection.query('SELECT SLEEP(60)'));
    const other = await connect({ uri: database.uri });
    await expect
      .poll(() =>
        rows(other, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"),
      )
      .toHaveLength(1);
    await database.crash();
    expect((await running).code).toMatch(/ECONNRESET|PROTOCOL_CONNECTION_LOST/);
    await database.restart();
  });

  test('restarts while it is running', async () => {
    const before = await connect({ uri: database.uri });
    await database.restart();
    await before.lost;
    await (await connect({ uri: database.uri })).end();
  });

  test('answers nothing while it is frozen, and everything once it is thawed', async () => {
    const connection = await connect({ uri: database.uri });
    database.freeze();
    const query = rows(connection, 'SELECT 1 AS one');
    const connecting = connect({ uri: database.uri });
    expect(await Promise.race([query, connecting, sleep(100, 'silence')])).toBe('silence');
    database.thaw();
    expect(await query).toEqual([{ one: 1 }]);
    await (await connecting).end();
    await connection.end();
  });

  test('sets global variables, for sessions that begin later', async () => {
    const before = await connect({ uri: database.uri });
    await database.setGlobal('wait_timeout', 77);
    const after = await connect({ uri: database.uri });
    expect(await rows(before, 'SELECT @@wait_timeout AS seconds')).not.toEqual([{ seconds: 77 }]);
    expect(await rows(after, 'SELECT @@wait_timeout AS seconds')).toEqual([{ seconds: 77 }]);
    await Promise.all([before.end(), after.end()]);
    await expect(database.setGlobal('no_such_variable', 1)).rejects.toThrow(/no_such_variable/);
  });

  test('closes connections that are idle longer than wait_timeout', async () => {
    const connection = await connect({ uri: database.uri });
    await connection.query('SET SESSION wait_timeout = 1');
    const begin = performance.now();
    await connection.lost;
    expect(performance.now() - begin).toBeGreaterThan(900);
  });

  test('kills all connections but its own', async () => {
    const connections = [await connect({ uri: database.uri }), await connect({ uri: database.uri })];
    await database.setGlobal('wait_timeout', 100);
    expect(await database.killAll()).toBe(2);
    await Promise.all(connections.map(({ lost }) => lost));
    expect(await database.killAll()).toBe(0);
  });

  test('takes as many connections as it was told', async () => {
    const connection = await connect({ uri: database.uri });
    expect(await rows(connection, 'SELECT @@max_connections AS n')).toEqual([{ n: 20 }]);
    await connection.end();
    await expect(startDatabase({ prefer: kind, maxConnections: 0 })).rejects.toThrow(RangeError);
  });

  test('can be stopped twice, and not started again', async () => {
    const other = await startDatabase({ prefer: kind });
    await Promise.all([other.stop(), other.stop()]);
    expect(await failure(connect({ uri: other.uri }))).toMatchObject({ code: 'ECONNREFUSED' });
    await expect(other.restart()).rejects.toThrow('stopped');
  });
}
