import { refuseUnknownOptions, show, typedOption } from '../process/check-options.js';
import type { ResultCodec } from './codec.js';
import type { IdempotencyKey } from './idempotency-key.js';

/** How a handler is run exactly once. Arguments are those of the handler, or the request. */
export interface ExactlyOnceOptions {
  /** The client's key for this call; `undefined` for none. Default: the one that came with the call, if any. */
  readonly keyOf?: (args: readonly unknown[]) => string | undefined;
  /** Who calls: no caller can read what another one's key has kept. Default: nobody in particular. */
  readonly callerOf?: (args: readonly unknown[]) => string;
  /** How results are kept beside their keys. Default: JSON. */
  readonly codec?: ResultCodec;
}

/**
 * Checks the option `exactlyOnce` of a call.
 *
 * @throws TypeError that names option and value.
 */
export function resolveExactlyOnce(
  owner: string,
  value: boolean | ExactlyOnceOptions | undefined,
): ExactlyOnceOptions | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return {};
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${owner}: exactlyOnce must be true or an object, got ${show(value)}`);
  const name = `${owner}: exactlyOnce`;
  refuseUnknownOptions(name, value, ['keyOf', 'callerOf', 'codec']);
  typedOption(name, 'keyOf', value.keyOf, 'function');
  typedOption(name, 'callerOf', value.callerOf, 'function');
  checkCodec(name, value.codec);
  return value;
}

/**
 * Checks the option `exactlyOnce` of a transaction.
 *
 * @throws TypeError that names option and value.
 */
export function checkOnce(owner: string, value: boolean | IdempotencyKey | undefined): void {
  if (value === undefined || typeof value === 'boolean') return;
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${owner}: exactlyOnce must be true or an object with a key, got ${show(value)}`);
  const name = `${owner}: exactlyOnce`;
  refuseUnknownOptions(name, value, ['key', 'scope', 'args', 'codec']);
  if (typeof value.key !== 'string' || value.key === '')
    throw new TypeError(`${name}: key must be a string that is not empty, got ${show(value.key)}`);
  typedOption(name, 'scope', value.scope, 'string');
  checkCodec(name, value.codec);
}

/** @throws TypeError when it is no codec. */
function checkCodec(owner: string, codec: ResultCodec | undefined): void {
  if (codec === undefined) return;
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')
    throw new TypeError(`${owner}: codec must have encode() and decode(), got ${show(codec)}`);
}
