import type { Connection, FieldPacket, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateDatabase, startDatabase } from '../../../src/testing/index.js';
import { connect } from './support/connect.js';
import { describeWithMariadb } from './support/mariadb.js';

/** Statements that follow each other; each is run on both servers and must come to the same. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'tables, keys and generated ids': [
    `CREATE TABLE account (
      id INT UNSIGNED NOT NULL AUTO_INCREMENT,
      name VARCHAR(8) NOT NULL COMMENT 'it''s a name',
      balance DECIMAL(10,2) NOT NULL DEFAULT 0,
      big BIGINT,
      data VARBINARY(4),
      note TEXT,
      at DATETIME(3) DEFAULT '2024-05-06 07:08:09.010',
      day DATE,
      PRIMARY KEY (id), UNIQUE KEY by_name (name), KEY (balance, big)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
    "INSERT INTO account (name, balance, big, data, day) VALUES ('ann', 1.5, 12345678901, x'00ff', '2024-02-29')",
    "INSERT INTO account (name) VALUES ('bob'), ('cid')",
    'SELECT * FROM account',
    'SELECT LAST_INSERT_ID() AS id',
    "INSERT INTO account SET name = 'dan', balance = -3",
    "INSERT INTO account VALUES (10, 'eve', 0, NULL, NULL, NULL, NULL, NULL)",
    "INSERT INTO account (name) VALUES ('fay')",
    "INSERT INTO account (name) VALUES ('ANN')",
    "INSERT IGNORE INTO account (name) VALUES ('ann')",
    "REPLACE INTO account (id, name) VALUES (1, 'ann2')",
    "INSERT INTO account (id, name) VALUES (1, 'x'), (20, 'y') ON DUPLICATE KEY UPDATE name = VALUES(name), balance = balance + 1",
    'SELECT id, name, balance FROM account ORDER BY id',
    'UPDATE account SET balance = balance + 1 WHERE id > 1 ORDER BY id LIMIT 2',
    'DELETE FROM account WHERE id > 1 ORDER BY id DESC LIMIT 2',
    'SELECT a.id, account.name FROM account a JOIN account ON a.id = account.id WHERE account.id < 4 ORDER BY 1',
    'SELECT COUNT(*), SUM(balance), MIN(id), MAX(at), SUM(id) AS ids FROM account',
    'ALTER TABLE account ADD COLUMN extra INT NOT NULL DEFAULT 7',
    'SELECT extra FROM account WHERE id = 1',
    'ALTER TABLE account DROP COLUMN extra',
    'CREATE UNIQUE INDEX by_balance ON account (balance, id)',
    'DROP INDEX by_balance ON account',
    'TRUNCATE TABLE account',
    "INSERT INTO account (name) VALUES ('first again')",
    "INSERT INTO account (name) VALUES ('first')",
    'DROP TABLE account',
    'DROP TABLE IF EXISTS account',
  ],
  errors: [
    'CREATE TABLE parent (id INT PRIMARY KEY)',
    'CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL, small TINYINT, FOREIGN KEY (parent) REFERENCES parent (id))',
    'CREATE TABLE parent (id INT)',
    'INSERT INTO child (id, parent) VALUES (1, 1)',
    'INSERT INTO parent VALUES (1)',
    'INSERT INTO child (id, parent) VALUES (1, 1)',
    'DELETE FROM parent',
    'INSERT INTO child (id, parent) VALUES (2, NULL)',
    'INSERT INTO child VALUES (3, 1, 200)',
    'INSERT INTO child VALUES (3, 1)',
    'SELECT * FROM missing',
    'SELECT missing FROM child',
    'SELECT `missing` FROM child WHERE `nothing` = 1',
    'INSERT INTO child (id, parent) VALUES (5, `missing`)',
    'SELECT id FROM child c JOIN parent p ON p.id = c.parent',
    'INSERT INTO child (missing) VALUES (1)',
    'SELEC 1',
    'SELECT 1 FROM',
    "SELECT 'open",
    'SELECT no_such_function(1)',
    'KILL 999999',
    'USE nowhere',
    'SET no_such_variable = 1',
    'SET max_connections = 5',
    'SET GLOBAL hostname = 1',
    'ROLLBACK TO nowhere',
    'DROP TABLE missing',
    'CREATE DATABASE test',
    'DROP DATABASE nowhere',
    'DROP TABLE child, parent',
  ],
  'databases of their own': [
    'CREATE DATABASE IF NOT EXISTS other',
    'CREATE TABLE same (id INT)',
    'CREATE TABLE other.same (id INT)',
    'INSERT INTO same VALUES (1)',
    'INSERT INTO other.same VALUES (2)',
    'SELECT same.id, o.id AS other_id FROM same JOIN other.same AS o ON o.id > same.id WHERE o.id IN (SELECT id FROM other.same)',
    'SELECT other.same.id FROM other.same',
    'SELECT same.id FROM other.same',
    'USE other',
    'SELECT * FROM same',
    'SELECT DATABASE()',
    'SELECT * FROM test.same',
    'SHOW TABLES',
    'DROP DATABASE other',
    'SELECT DATABASE()',
    'SELECT * FROM same',
    'USE test',
    'SELECT * FROM same',
    'DROP TABLE same',
  ],
  transactions: [
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'START TRANSACTION',
    'INSERT INTO t VALUES (1)',
    'SAVEPOINT a',
    'INSERT INTO t VALUES (2)',
    'ROLLBACK TO SAVEPOINT a',
    'INSERT INTO t VALUES (3)',
    'RELEASE SAVEPOINT a',
    'ROLLBACK TO a',
    'COMMIT',
    'SELECT * FROM t ORDER BY id',
    'BEGIN',
    'DELETE FROM t',
    'INSERT INTO t VALUES (1), (1)',
    'SELECT COUNT(*) AS n FROM t',
    'ROLLBACK',
    'SELECT COUNT(*) AS n FROM t',
    'SET autocommit = 0',
    'SELECT @@autocommit',
    'INSERT INTO t VALUES (4)',
    'ROLLBACK',
    'INSERT INTO t VALUES (5)',
    'SET autocommit = 1',
    'SELECT * FROM t ORDER BY id',
    'START TRANSACTION READ ONLY',
    'INSERT INTO t VALUES (6)',
    'COMMIT',
    'SET TRANSACTION READ ONLY',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT',
    'INSERT INTO t VALUES (6)',
    'ROLLBACK AND CHAIN',
    'COMMIT',
    'START TRANSACTION',
    'INSERT INTO t VALUES (7)',
    'CREATE TABLE u (id INT)',
    'ROLLBACK',
    'SELECT * FROM t WHERE id = 7',
    'SELECT * FROM t WHERE id = 7 FOR UPDATE',
    'SELECT * FROM t WHERE id = 7 LOCK IN SHARE MODE',
    'DROP TABLE t, u',
  ],
  expressions: [
    "SELECT 1, 'text', NULL, 1 + 1, TRUE, -5",
    "SELECT 'it''s \\'quoted\\'', \"double\", 'a' 'b', 'new\\nline' AS `the alias`",
    "SELECT CONCAT('a', 1, NULL) AS c, CONCAT('a', 2), IF(1 > 2, 'x', 'y'), IFNULL(NULL, 3), COALESCE(NULL, 4)",
    "SELECT LEFT('abc', 2), RIGHT('abc', 2), LENGTH('é'), CHAR_LENGTH('é'), UPPER('a'), SUBSTRING('abc', 2, 1)",
    "SELECT 'abc' LIKE 'A_C', 'a%c' LIKE 'a\\%c', 'abc' LIKE 'a\\%c', 'abc' REGEXP '^a'",
    'SELECT 7 DIV 2, 7 % 2, 7 MOD 2, 1 <=> NULL, 1 && 0, 1 || 0, GREATEST(1, 3), LEAST(1, 3)',
    "SELECT CAST('12' AS SIGNED), CAST(12 AS CHAR), HEX('a'), MD5('a')",
    "SELECT '2024-01-31' + INTERVAL 1 DAY, DATE_SUB('2024-03-01 00:00:00', INTERVAL 1 SECOND), '2024-01-31' + INTERVAL 1 MONTH AS m",
    'SELECT CASE WHEN 1 = 2 THEN 3 ELSE 4 END AS c, (SELECT 5) AS s, EXISTS (SELECT 1) AS e',
    'SELECT x.n FROM (SELECT 1 AS n UNION ALL SELECT 2) AS x ORDER BY n DESC LIMIT 1, 1',
    'WITH numbers AS (SELECT 1 AS n UNION SELECT 2) SELECT n FROM numbers WHERE n > 1',
    'SELECT 1 /* comment */ -- more\n + 1 # the end',
    "SET @a = 1, @b = 'x'",
    'SELECT @a + 1 AS a, @b, @c',
    'SELECT 1 FROM DUAL WHERE 1 IN (1, 2)',
    'DO 1',
    'SELECT SLEEP(0)',
  ],
  'session variables': [
    'SET SESSION wait_timeout = 123',
    'SELECT @@wait_timeout, @@SESSION.wait_timeout AS w, @@GLOBAL.wait_timeout',
    'SET @@session.wait_timeout = 124, innodb_lock_wait_timeout = 9',
    "SHOW VARIABLES LIKE 'wait_timeout'",
    'SELECT @@innodb_lock_wait_timeout',
    'SET wait_timeout = DEFAULT',
    'SELECT @@wait_timeout',
    'SET NAMES utf8mb4',
    "SET time_zone = '+02:00'",
    'SELECT @@time_zone, @@autocommit, @@global.read_only',
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SELECT @@tx_isolation',
    'SELECT CONNECTION_ID() = @@pseudo_thread_id AS same',
  ],
};

describeWithMariadb('the embedded server comes to the same as MariaDB', () => {
  let databases: readonly PrivateDatabase[];
  beforeAll(async () => {
    databases = await Promise.all([
      startDatabase({ prefer: 'embedded' }),
      startDatabase({ prefer: 'mariadb' }),
    ]);
  });
  afterAll(() => Promise.all(databases.map((database) => database.stop())));

  test.each(Object.entries(SCRIPTS))('with %s', async (_, statements) => {
    const [embedded, real] = await Promise.all(
      databases.map(({ uri }) => connect({ uri, dateStrings: true })),
    );
    if (!embedded || !real) throw new Error('not connected');
    for (const sql of statements) {
      expect.soft(await outcome(embedded, sql, 'query'), sql).toEqual(await outcome(real, sql, 'query'));
    }
  });

  test('with prepared statements', async () => {
    const [embedded, real] = await Promise.all(databases.map(({ uri }) => connect({ uri })));
    if (!embedded || !real) throw new Error('not connected');
    const at = new Date(2024, 1, 3, 4, 5, 6, 789);
    const scripts: [string, (string | number | bigint | Date | Buffer | null | boolean)[]][] = [
      [
        'CREATE TABLE p (i INT, b BIGINT, d DOUBLE, s VARCHAR(99), t DATETIME(3), x BLOB, c DECIMAL(6,2), o BOOL, m TIME, y DATE)',
        [],
      ],
      [
        'INSERT INTO p VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        [1, 2n ** 60n, 1.25, "it's", at, Buffer.from([0, 1]), '3.50', true, '-12:34:56', '2024-02-29'],
      ],
      ['INSERT INTO p (i, d, s) VALUES (?, ?, ?), (?, ?, ?)', [null, 1e10, 'a\0b', -5, -0.5, '']],
      ['SELECT * FROM p ORDER BY i', []],
      ['SELECT s FROM p WHERE i = ? AND d > ? LIMIT ?', [1, 1, 1]],
      ['SELECT COUNT(*) AS n FROM p WHERE t = ?', [at]],
      ['UPDATE p SET d = d * ? WHERE s = ?', [2, "it's"]],
      ['SELECT d, t, m, y FROM p WHERE b = ?', [2n ** 60n]],
      ['SELECT * FROM missing WHERE id = ?', [1]],
      ['SELECT ? + 1 AS n', [1]],
      ['DROP TABLE p', []],
    ];
    for (const [sql, values] of scripts) {
      expect
        .soft(await outcome(embedded, sql, 'execute', values), sql)
        .toEqual(await outcome(real, sql, 'execute', values));
    }
  });
});

/** What the client gets: rows with the names and kinds of their columns, the header of a change, or an error. */
async function outcome(
  connection: Connection,
  sql: string,
  how: 'query' | 'execute',
  values: (string | number | bigint | Date | Buffer | null | boolean)[] = [],
): Promise<unknown> {
  try {
    const [result, fields] =
      how === 'query'
        ? await connection.query<RowDataPacket[]>(sql, values)
        : await connection.execute<RowDataPacket[]>(sql, values);
    if (Array.isArray(result)) return { rows: result, columns: fields.map(({ name }: FieldPacket) => name) };
    const { affectedRows, insertId, serverStatus, info } = result as Record<string, unknown>;
    return { affectedRows, insertId, serverStatus: Number(serverStatus) & 3, info };
  } catch (error) {
    const { errno, sqlState } = error as { errno?: number; sqlState?: string };
    if (errno === undefined) throw error;
    return { errno, sqlState };
  }
}
