import { once } from 'node:events';
import thrift from 'thrift';
import { expect, test } from 'vitest';
import { recordFailure } from '../../../../src/errors/index.js';
import { classify, DIALING } from '../../../../src/resources/mysql2/classify.js';
import { freshProcessor, thriftException } from '../../../../src/rpc/thrift/index.js';
import { describeWithMariadb } from '../../../support/mariadb.js';
import plainQuirks from './gen/plain/Quirks.js';
import plainTypes from './gen/plain/quirks_types.js';
import plainOwnTypes from './gen/plain/service_exception_types.js';
import Quirks from './gen/Quirks.js';
import quirksTypes from './gen/quirks_types.js';
import ownTypes from './gen/service_exception_types.js';
import { collectLogs } from './support/collect-logs.js';
import { quirksHandler } from './support/quirks-handler.js';
import { received, serve, wires } from './support/serve.js';

const SECRET = "Duplicate entry 'hunter2' for key 'user.password' on vault.example";

/** What MySQL and MariaDB answer with, and some that nobody has classified. */
const ERRNOS = [
  ...[1020, 1022, 1040, 1044, 1045, 1048, 1049, 1053, 1054, 1062, 1064, 1077, 1079, 1130, 1142, 1146, 1152],
  ...[1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1169, 1203, 1205, 1213, 1216, 1217, 1226, 1251],
  ...[1264, 1265, 1290, 1292, 1305, 1317, 1364, 1366, 1367, 1406, 1411, 1451, 1452, 1557, 1586, 1613, 1614],
  ...[1690, 1698, 1792, 1836, 1859, 1927, 1969, 2006, 2013, 3024, 3101, 3169, 3819, 4025, 4031, 9999],
];
const CODES = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'PROTOCOL_CONNECTION_LOST', 'ENOTFOUND'];

function driverErrors(): Error[] {
  const fields = { sql: `INSERT INTO user VALUES ('hunter2')`, sqlMessage: SECRET, address: 'vault.example' };
  return [...ERRNOS.map((errno) => ({ errno, code: `ER_${errno}` })), ...CODES.map((code) => ({ code }))].map(
    (facts) => {
      const error = Object.assign(new Error(SECRET), fields, facts);
      const failure = classify(error, DIALING);
      return failure === undefined ? error : recordFailure(error, failure);
    },
  );
}

test.each(wires)('over %s no text of over fifty driver errors reaches a client', async (_name, wire) => {
  const errors = driverErrors();
  expect(errors.length).toBeGreaterThan(50);
  let next: unknown;
  const throws = async (_what: string): Promise<never> => {
    throw next;
  };
  const callsBack = (_what: string, done: (error: unknown) => void): void => done(next);
  for (const method of [throws, callsBack]) {
    const handler = quirksHandler({ declared: method, undeclared: method });
    const as = thriftException(ownTypes.ServiceException);
    const { connect } = await serve(freshProcessor(Quirks, handler, { as }), wire);
    const connection = connect();
    const replies = received(connection);
    const client = thrift.createClient(Quirks, connection);
    for (const error of errors) {
      next = error;
      await expect(client.declared('x')).rejects.toBeInstanceOf(ownTypes.ServiceException);
      await expect(client.undeclared('x')).rejects.toThrow(
        /^[A-Z_]+ [A-Z_]+: [a-z ,]+ \(call [0-9a-f-]{36}\)$/,
      );
    }
    expect(replies.text().length).toBeGreaterThan(errors.length * 100);
    expect(replies.text()).not.toMatch(/hunter2|user|password|vault|INSERT|ER_\d/);
  }
});

const logs = collectLogs();

test('a declared exception of a second copy of the generated code is known by its name', async () => {
  const copies = [
    { service: Quirks, types: plainTypes, own: plainOwnTypes },
    { service: plainQuirks as unknown as typeof Quirks, types: quirksTypes, own: ownTypes },
  ];
  for (const { service, types, own } of copies) {
    const declared = async (what: string): Promise<string> => {
      if (what === 'boom') throw new types.Boom({ text: 'bang' });
      if (what === 'brief') throw new types.Brief({ code: 7, message: 'x' });
      throw new Error(SECRET);
    };
    const as = thriftException(own.ServiceException);
    const { client } = await serve(freshProcessor(service, quirksHandler({ declared }), { as }));
    const quirks = client(Quirks);
    await expect(quirks.declared('boom')).rejects.toMatchObject({ name: 'Boom', text: 'bang' });
    await expect(quirks.declared('other')).rejects.toMatchObject({
      name: 'ServiceException',
      status: 'INTERNAL',
    });
    // Another method declares it, this one does not.
    const before = logs.length;
    await expect(quirks.declared('brief')).rejects.toMatchObject({ status: 'INTERNAL' });
    expect(logs.slice(before)).toMatchObject([
      { level: 'error', message: 'a handler threw an exception that its method does not declare' },
    ]);
  }
});

describeWithMariadb('on a real MariaDB', (fixture) => {
  const sleeping = (): Promise<number> =>
    fixture.db.number("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'");

  test('a client that goes away cancels its call, and the statement is killed', async () => {
    const pool = fixture.db.direct({ fresh: { name: 'thrift' } });
    const handler = quirksHandler({ undeclared: async (_what: string) => pool.query('SELECT SLEEP(60)') });
    const { connect, attached } = await serve(freshProcessor(Quirks, handler));
    const leaving = connect();
    const call = thrift.createClient(Quirks, leaving).undeclared('x');
    call.catch(() => undefined);
    while ((await sleeping()) === 0);
    leaving.destroy();
    await once(leaving.connection, 'close');
    const startedAt = performance.now();
    while ((await sleeping()) > 0);
    // By a KILL at once, or by MariaDB itself, which looks after its client every five seconds.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    while (attached.callsInFlight > 0) await new Promise(setImmediate);
  });

  test('a call that takes longer than the policy of its method is answered, and the statement killed', async () => {
    const pool = fixture.db.direct({ fresh: { name: 'thrift' } });
    const handler = quirksHandler({
      undeclared: async (_what: string) => pool.query('SELECT SLEEP(60)'),
      none: async () => {
        const [[row]] = (await pool.query('SELECT 7 AS seven')) as unknown as [[{ seven: number }]];
        return String(row.seven);
      },
    });
    const methods = { undeclared: { timeoutMs: 300 } };
    const { client } = await serve(freshProcessor(Quirks, handler, { methods }));
    await expect(client(Quirks).undeclared('x')).rejects.toThrow(/^DEADLINE_EXCEEDED DEADLINE_EXCEEDED/);
    while ((await sleeping()) > 0);
    await expect(client(Quirks).none()).resolves.toBe('7');
  });
});
