export type { Condition, ConnectionLabel, DialContext, Driver } from './driver.js';
export type { Entry } from './entry.js';
export { FRESHNESS_OPTIONS, type FreshnessOptions, type PoolOptions, resolvePoolOptions } from './options.js';
export { Pool, type PoolEvents, type PoolStats } from './pool.js';
