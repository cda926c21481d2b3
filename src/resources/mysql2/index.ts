/**
 * Stands in for `mysql2`: the same exports and types, over connections that are fresh.
 *
 * @module
 */
export * from './index-exports.js';
export * as default from './index-exports.js';
