/** How the result of a handler is kept beside its idempotency key. */
export interface ResultCodec {
  /** The result as bytes; throws when it cannot be kept. Runs before COMMIT: nothing is committed then. */
  encode(result: unknown): Uint8Array;
  /** The result again. */
  decode(bytes: Uint8Array): unknown;
}

/** JSON, in UTF-8; `undefined` is no bytes at all. */
export const jsonCodec: ResultCodec = {
  encode(result) {
    if (result === undefined) return new Uint8Array();
    return Buffer.from(JSON.stringify(result), 'utf8');
  },
  decode(bytes) {
    return bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
  },
};
