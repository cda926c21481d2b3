// What a plain CommonJS program writes.
const assert = require('node:assert/strict');
const mysql = require('fresh-connections/mysql2');
const promised = require('fresh-connections/mysql2/promise');
const { withFreshConnections } = require('fresh-connections');

assert.equal(typeof mysql.createPool, 'function');
assert.equal(mysql.default.createPool, mysql.createPool);
assert.equal(typeof promised.createPool, 'function');
assert.equal(typeof withFreshConnections, 'function');
assert.equal(require('fresh-connections/package.json').name, 'fresh-connections');
console.log('ok');
