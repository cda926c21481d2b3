import { describe, expect, test } from 'vitest';
import { traitsOf } from '../../../../src/resources/mysql2/traits.js';

const READS = [
  'SELECT 1',
  '  select * from t where a = ?',
  '(SELECT 1) UNION (SELECT 2)',
  '/* who */ SELECT 1',
  '-- why\nSELECT 1',
  '# why\nSELECT 1',
  'SELECT * FROM t FOR UPDATE',
  'SELECT @@max_allowed_packet, @@SESSION.wait_timeout',
  'SHOW TABLES',
  'DESCRIBE t',
  'EXPLAIN SELECT 1',
  'WITH a AS (SELECT 1) SELECT * FROM a',
  'SELECT 1;',
  'SELECT COUNT(*) FROM t',
];

const NOT_READS = [
  'SELECT 1 INTO @a',
  'SELECT * FROM t INTO OUTFILE "/tmp/x"',
  'SELECT @a := 1',
  'SELECT @a',
  "SELECT GET_LOCK('a', 1)",
  "SELECT release_lock ('a')",
  'SELECT NEXTVAL(s)',
  'SELECT NEXT VALUE FOR s',
  'SELECT LAST_INSERT_ID()',
  'SELECT LAST_INSERT_ID(5)',
  'SELECT ROW_COUNT()',
  'SELECT FOUND_ROWS()',
  'SELECT CONNECTION_ID()',
  'WITH a AS (SELECT 1) UPDATE t SET x = 1',
  'WITH a AS (SELECT 1) DELETE FROM t',
  'EXPLAIN ANALYZE SELECT f()',
  'ANALYZE UPDATE t SET a = 1',
  'SELECT 1; DELETE FROM t',
  '/*! INSERT INTO t VALUES (1) */',
  'SELECT 1 /*! INTO @a */',
  'CALL p()',
  'DO SLEEP(1)',
  'HANDLER t OPEN',
  'INSERT INTO t SELECT 1',
  'toString',
  '',
];

describe('what counts as a read', () => {
  test.each(READS)('%s is repeatable', (sql) => {
    expect(traitsOf(sql)).toMatchObject({ kind: 'read', repeatable: true, writes: false, alters: false });
  });

  test.each(NOT_READS)('%s is never repeated', (sql) => {
    expect(traitsOf(sql).repeatable).toBe(false);
  });
});

describe('what a statement does to its session', () => {
  test.each([
    ['INSERT INTO t VALUES (1)', 'write', false],
    ['UPDATE t SET a = @b', 'write', true],
    ['REPLACE INTO t VALUES (1)', 'write', false],
    ['START TRANSACTION READ ONLY', 'begin', false],
    ['BEGIN', 'begin', false],
    ['COMMIT', 'commit', false],
    ['commit work', 'commit', false],
    ['COMMIT AND CHAIN', 'session', true],
    ['ROLLBACK', 'rollback', false],
    ['ROLLBACK TO a', 'savepoint', false],
    ['ROLLBACK WORK TO SAVEPOINT a', 'savepoint', false],
    ['SAVEPOINT a', 'savepoint', false],
    ['RELEASE SAVEPOINT a', 'savepoint', false],
    ['SET @a = 1', 'session', true],
    ['SET autocommit = 0', 'session', true],
    ['USE other', 'use', true],
    ['LOCK TABLES t WRITE', 'session', true],
    ['UNLOCK TABLES', 'session', true],
    ['PREPARE p FROM "SELECT 1"', 'session', true],
    ['CREATE TEMPORARY TABLE t (a INT)', 'session', true],
    ['CREATE TABLE t (a INT)', 'define', false],
    ['TRUNCATE t', 'define', false],
    ['START SLAVE', 'session', true],
    ['KILL 5', 'session', false],
  ])('%s is %s', (sql, kind, alters) => {
    expect(traitsOf(sql)).toMatchObject({ kind, alters });
  });

  test('a very long text is decided in linear time', () => {
    const started = performance.now();
    traitsOf(`${'/* '.repeat(50_000)} SELECT 1`);
    traitsOf(`${'( '.repeat(50_000)} SELECT 1`);
    traitsOf(`SELECT ${"'a', ".repeat(50_000)} 1`);
    traitsOf(`${'-- \n'.repeat(50_000)} SELECT 1`);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
