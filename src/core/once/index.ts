export { jsonCodec, type ResultCodec } from './codec.js';
export { digest, fingerprint } from './fingerprint.js';
export type { IdempotencyKey } from './idempotency-key.js';
export { checkOnce, type ExactlyOnceOptions, resolveExactlyOnce } from './options.js';
