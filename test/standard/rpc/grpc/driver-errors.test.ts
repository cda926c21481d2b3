import { connect, createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import { failureDetails, freshConnections, handlers } from 'fresh-connections/grpc';
import mysql, { type Pool } from 'fresh-connections/mysql2/promise';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithMariadb } from '../../../support/mariadb.js';
import { selfSigned } from './support/certificate.js';
import { echo, type Note, type Pair, serve, wireText } from './support/echo-server.js';

const TABLES = `
  CREATE OR REPLACE TABLE hush_child (id INT PRIMARY KEY);
  DROP TABLE IF EXISTS hush_child, hush_note;
  CREATE TABLE hush_note (
    id INT PRIMARY KEY, hush_text VARCHAR(5) NOT NULL, hush_tiny TINYINT, hush_date DATE,
    hush_enum ENUM('a'), UNIQUE KEY hush_key (hush_text), CONSTRAINT hush_check CHECK (id < 1000)
  );
  CREATE TABLE hush_child (id INT PRIMARY KEY, CONSTRAINT hush_fk FOREIGN KEY (id) REFERENCES hush_note (id));
  INSERT INTO hush_note (id, hush_text) VALUES (1, 'a');
  INSERT INTO hush_child VALUES (1);
`;

/** Statements that a server refuses, each for another reason; their texts hold what no client may see. */
const REFUSED = [
  'SELEKT hush',
  'SELECT hush_column FROM hush_note',
  'SELECT * FROM hush_table',
  'SELECT * FROM hush_db.hush_table',
  "INSERT INTO hush_note (id, hush_text) VALUES (1, 'b')",
  "INSERT INTO hush_note (id, hush_text) VALUES (2, 'a')",
  "INSERT INTO hush_note (id, hush_text) VALUES (2, 'hush_too_long')",
  "INSERT INTO hush_note (id, hush_text) VALUES (5000, 'b')",
  "INSERT INTO hush_note (id, hush_text, hush_tiny) VALUES (3, 'c', 4711)",
  "INSERT INTO hush_note (id, hush_text, hush_date) VALUES (3, 'c', 'hush')",
  "INSERT INTO hush_note (id, hush_text, hush_enum) VALUES (3, 'c', 'hush')",
  "INSERT INTO hush_note (id, hush_text) VALUES ('hush', 'c')",
  'INSERT INTO hush_note (id, hush_text) VALUES (4, NULL)',
  'INSERT INTO hush_note (id) VALUES (4)',
  'INSERT INTO hush_note VALUES (4)',
  'INSERT INTO hush_note (id, id) VALUES (4, 5)',
  'INSERT INTO hush_child VALUES (77)',
  'DELETE FROM hush_note WHERE id = 1',
  'DROP TABLE hush_note',
  'DROP TABLE hush_nothing',
  'CREATE TABLE hush_note (id INT)',
  'CREATE TABLE hush_new (id HUSH)',
  'CREATE TABLE hush_new (id INT, id INT)',
  'ALTER TABLE hush_note DROP COLUMN hush_nothing',
  'ALTER TABLE hush_note ADD INDEX hush_i (hush_nothing)',
  'CREATE DATABASE test',
  'DROP DATABASE hush_db',
  'USE hush_db',
  'SELECT hush_function(1)',
  'CALL hush_procedure()',
  'SELECT COUNT(*) FROM hush_note GROUP BY hush_nothing',
  'SELECT id, id FROM hush_note, hush_child WHERE id = 1',
  'SELECT (SELECT 1, 2)',
  'SELECT (SELECT 1 UNION SELECT 2) AS hush',
  'SELECT 1 UNION SELECT 1, 2',
  'SELECT 1 FROM hush_note hush JOIN hush_child hush',
  'SELECT ~0 + 1 AS hush, 18446744073709551615 + 1',
  'SELECT POW(10, 400) AS hush',
  "SELECT * FROM hush_note INTO OUTFILE '/hush/path'",
  "LOAD DATA INFILE '/hush/path' INTO TABLE hush_note",
  'SET hush_variable = 1',
  'SET SESSION innodb_buffer_pool_size = 1',
  'SET GLOBAL sql_mode = "HUSH"',
  "SELECT * FROM hush_note WHERE hush_text REGEXP '('",
  "SELECT CAST('hush' AS HUSH)",
  "SELECT CONVERT('hush' USING hush_charset)",
  "SELECT 'a' COLLATE hush_collation",
  'LOCK TABLES hush_nothing READ',
  'PREPARE hush FROM "HUSH"',
  'EXECUTE hush_nothing',
  'DEALLOCATE PREPARE hush_nothing',
  'SAVEPOINT hush; ROLLBACK TO SAVEPOINT hush_nothing',
  'KILL 4294967000',
  'SELECT SLEEP(5) AS hush /* limit */',
  'GRANT HUSH ON *.* TO hush',
  "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hush signal'",
  'RELEASE SAVEPOINT hush_nothing',
  'INSERT INTO hush_note (id, hush_text) SELECT id FROM hush_note',
];

const SECRETS =
  /hush|sql|mysql|mariadb|127\.0\.0\.1|localhost|\/work|node_modules|select|insert|errno|econn/i;

describeWithMariadb('what clients see of errors of the driver, over TLS', (fixture) => {
  let tls: Pair;
  beforeAll(async () => {
    tls = await selfSigned();
  });
  beforeEach(() => fixture.db.admin.query(TABLES));

  /** A service that runs the statements it is sent. */
  async function serving(pool: () => Pool) {
    const write = async ({ text }: Note): Promise<Note> => {
      if (/limit/.test(text))
        await pool().query('SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(5)');
      else for (const one of text.split(';')) await pool().query(one);
      return { text: 'done' };
    };
    const instance = { write, read: write, collect: write, async *spread() {}, async *chat() {} };
    return serve([freshConnections()], handlers(echo, instance), echo, { tls });
  }

  it('fifty errors of the server: their number at most decides the status, their text goes nowhere', async () => {
    const pool = fixture.db.direct();
    const { unary } = await serving(() => pool);
    const numbers = new Set<unknown>();
    for (const sql of REFUSED) {
      const reply = await unary('Write', sql);
      expect(reply.error, sql).toBeDefined();
      expect(wireText(reply), sql).not.toMatch(SECRETS);
      expect(reply.metadata?.getMap() ?? {}, 'trailers only').toEqual({});
      expect(Buffer.byteLength(wireText(reply))).toBeLessThan(4_096);
      expect(failureDetails(reply.error)?.callId, sql).toMatch(/^[\da-f-]{36}$/);
      // The cause is in the log, under the same id.
      const line = fixture.db.logged.find(
        ({ fields }) => fields.callId === failureDetails(reply.error)?.callId,
      );
      numbers.add(line?.fields.errno);
    }
    expect(REFUSED.length).toBeGreaterThanOrEqual(50);
    expect(numbers.size, [...numbers].join()).toBeGreaterThan(35);
  });

  it('errors of the network, of DNS and of credentials', async () => {
    const { host, port, user } = fixture.db.server;
    const unused = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => unused.once('listening', resolve));
    const { port: closed } = unused.address() as { port: number };
    unused.close();
    const slow = { outageBufferMs: 50, dialTimeoutMs: 300, acquireTimeoutMs: 300 };
    const broken = [
      { host, port: closed, user },
      { host: 'hush.invalid', port, user },
      { socketPath: '/hush/mysql.sock', user },
      { host, port, user: 'hush_user', password: 'hush_password' },
      { host, port, user, password: 'hush_password' },
      { host, port, user, password: fixture.db.server.password, database: 'hush_db' },
    ];
    for (const [index, options] of broken.entries()) {
      const pool = mysql.createPool({ ...options, fresh: { ...slow, name: `hush_${index}` } });
      const { unary } = await serving(() => pool);
      const reply = await unary('Write', 'SELECT 1');
      expect([status.UNAVAILABLE, status.INTERNAL], JSON.stringify(options)).toContain(reply.error?.code);
      expect(wireText(reply)).not.toMatch(SECRETS);
      await pool.end();
    }
  });

  it('a connection that is lost in the middle of a write', async () => {
    const pool = fixture.db.pool();
    const { unary } = await serving(() => pool);
    await unary('Write', 'SELECT 1');
    fixture.db.proxy.cut({
      direction: 'to-client',
      at: { command: 'COM_QUERY', sql: /^UPDATE/ },
      when: 'before',
      how: 'reset',
    });
    const reply = await unary('Write', "UPDATE hush_note SET hush_text = 'b'");
    expect(reply.error?.code).toBe(status.UNKNOWN);
    expect(failureDetails(reply.error)).toMatchObject({ reason: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
    expect(reply.status.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
    expect(wireText(reply)).not.toMatch(SECRETS);
  });

  it('nothing of TLS is pretended: without it the server does not answer', async () => {
    const pool = fixture.db.direct();
    const { port } = await serving(() => pool);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const bytes: Buffer[] = [];
    socket.on('data', (chunk) => bytes.push(chunk));
    await new Promise((resolve) => socket.once('close', resolve));
    // A TLS alert at most.
    expect(Buffer.concat(bytes).length).toBeLessThan(16);
  });
});
