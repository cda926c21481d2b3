// A process often ends up with both copies of a package. They share the registry, and each knows the
// other's exceptions.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from 'fresh-connections';
import mysql from 'fresh-connections/mysql2/promise';

const require = createRequire(import.meta.url);
const cjs = require('fresh-connections');
const cjsMysql = require('fresh-connections/mysql2/promise');

assert.notEqual(esm.ServiceException, cjs.ServiceException, 'these are two copies');
assert.ok(new esm.ServiceException('ABORTED', 'from ESM') instanceof cjs.ServiceException);
assert.ok(new cjs.ServiceException('ABORTED', 'from CommonJS') instanceof esm.ServiceException);

const pools = [
  mysql.createPool({ host: '127.0.0.1', user: 'nobody', fresh: { name: 'from-esm' } }),
  cjsMysql.createPool({ host: '127.0.0.1', user: 'nobody', fresh: { name: 'from-cjs' } }),
];
for (const name of ['from-esm', 'from-cjs']) {
  assert.ok(esm.connections.get(name), `ESM sees ${name}`);
  assert.equal(esm.connections.get(name), cjs.connections.get(name));
}
await Promise.all(pools.map((pool) => pool.end()));
console.log('ok');
