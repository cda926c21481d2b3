import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A digest of what a call was asked for. The order of keys does not count, nor does what cannot be compared:
 * functions, and call objects and streams, which are event emitters.
 */
export function fingerprint(args: unknown): string {
  return digest(JSON.stringify(canonical(args, new Set())) ?? '');
}

function canonical(value: unknown, path: Set<object>): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (isEmitter(value) || path.has(value)) return undefined;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return canonical(toJSON.call(value), path);
  path.add(value);
  const items = Array.isArray(value) || value instanceof Set ? [...value] : undefined;
  const result = items?.map((item) => canonical(item, path)) ?? {
    entries: entries(value).map(([key, item]) => [key, canonical(item, path)]),
  };
  path.delete(value);
  return result;
}

function entries(value: object): [string, unknown][] {
  const pairs: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return pairs
    .map(([key, item]): [string, unknown] => [String(key), item])
    .filter(([, item]) => typeof item !== 'function' && item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function isEmitter(value: object): boolean {
  return typeof (value as { emit?: unknown }).emit === 'function';
}
