/**
 * Stands in for `mysql2/promise`: the same exports and types, over connections that are fresh.
 *
 * @module
 */
export * from './promise-exports.js';
export * as default from './promise-exports.js';
