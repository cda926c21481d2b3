/**
 * The part of protobuf's wire format that the four messages of google.rpc need: varints that are not
 * negative, and length-delimited fields. By hand, because a server that uses generated code has no protobuf
 * library loaded that it could share: protobufjs comes along with proto-loader only, and
 * nice-grpc-error-details brings 30 messages and a runtime.
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** A number field; the default, 0, is left out as proto3 does. */
export function numberField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from([...varint(field * 8 + VARINT), ...varint(value)]);
}

/** A field of text, bytes or an embedded message. */
export function bytesField(field: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([
    Buffer.from([...varint(field * 8 + LENGTH_DELIMITED), ...varint(bytes.length)]),
    bytes,
  ]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** The values of a message, by field number. */
export interface WireFields {
  readonly numbers: ReadonlyMap<number, number>;
  readonly bytes: ReadonlyMap<number, readonly Buffer[]>;
}

/** @throws RangeError when it is no message. */
export function readFields(message: Uint8Array): WireFields {
  const source = Buffer.from(message);
  const numbers = new Map<number, number>();
  const bytes = new Map<number, Buffer[]>();
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = source.readUInt8(at++);
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  };
  const skip = (length: number): number => {
    const start = at;
    at += length;
    if (at > source.length) throw new RangeError('a protobuf message is cut off');
    return start;
  };
  while (at < source.length) {
    const tag = next();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === VARINT) numbers.set(field, next());
    else if (type === LENGTH_DELIMITED) {
      const start = skip(next());
      bytes.set(field, [...(bytes.get(field) ?? []), source.subarray(start, at)]);
    } else if (type === FIXED64) skip(8);
    else if (type === FIXED32) skip(4);
    else throw new RangeError(`a protobuf field has the unknown type ${type}`);
  }
  return { numbers, bytes };
}
