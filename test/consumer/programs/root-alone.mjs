// The root needs no driver: this runs where no peer dependency is installed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { withFreshConnections } from 'fresh-connections';

const require = createRequire(import.meta.url);
for (const peer of ['mysql2', 'thrift', '@grpc/grpc-js', 'reflect-metadata', 'sql.js']) {
  assert.throws(() => require(peer), { code: 'MODULE_NOT_FOUND' });
}
assert.equal(typeof withFreshConnections, 'function');
assert.equal(typeof require('fresh-connections').withFreshConnections, 'function');
console.log('ok');
