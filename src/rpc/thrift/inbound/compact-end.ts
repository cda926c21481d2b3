import { ProtocolError } from '../protocol-error.js';
import { STOP, ValueWalk } from './value-walk.js';

/** The types of the compact protocol. A boolean field has its value in its type. */
const Type = {
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
  UUID: 13,
} as const;

const MAX_VARINT_BYTES = 10;

/** Through a message of the compact protocol. */
export class CompactEnd extends ValueWalk {
  protected override skipHead(): boolean {
    // Protocol, version and type; number; name.
    return this.has(2) && this.#skipVarint(2) && this.#skipBinary();
  }

  protected override readField(): number {
    if (!this.has(1)) return -1;
    const head = this.data.readUInt8(this.at);
    const type = head & 0x0f;
    // Without a step from the field before it, its number follows.
    if (type !== STOP && head >> 4 === 0) return this.#skipVarint(1) ? type : -1;
    this.at += 1;
    return type;
  }

  protected override skipValue(type: number, inField: boolean): boolean {
    switch (type) {
      case Type.TRUE:
      case Type.FALSE:
        return inField || this.skipBytes(1);
      case Type.BYTE:
        return this.skipBytes(1);
      case Type.I16:
      case Type.I32:
      case Type.I64:
        return this.#skipVarint(0);
      case Type.DOUBLE:
        return this.skipBytes(8);
      case Type.UUID:
        return this.skipBytes(16);
      case Type.BINARY:
        return this.#skipBinary();
      case Type.STRUCT:
        return this.enterStruct();
      case Type.LIST:
      case Type.SET:
        return this.#enterList();
      case Type.MAP:
        return this.#enterMap();
      default:
        throw new ProtocolError(`a value of type ${type}`);
    }
  }

  #enterList(): boolean {
    if (!this.has(1)) return false;
    const head = this.data.readUInt8(this.at);
    const long = head >> 4 === 15;
    const size = long ? this.#varint(1) : { value: head >> 4, length: 0 };
    if (size === undefined) return false;
    this.at += 1 + size.length;
    return this.enterContainer([head & 0x0f], size.value);
  }

  #enterMap(): boolean {
    const size = this.#varint(0);
    if (size === undefined) return false;
    if (size.value === 0) return this.skipBytes(size.length);
    if (!this.has(size.length + 1)) return false;
    const types = this.data.readUInt8(this.at + size.length);
    this.at += size.length + 1;
    return this.enterContainer([types >> 4, types & 0x0f], size.value);
  }

  #skipBinary(): boolean {
    const length = this.#varint(0);
    return length !== undefined && this.skipBytes(length.length + length.value);
  }

  /** Walks over so many bytes and the varint after them. */
  #skipVarint(offset: number): boolean {
    const number = this.#varint(offset);
    if (number !== undefined) this.at += offset + number.length;
    return number !== undefined;
  }

  /** The varint after so many bytes; `undefined` for lack of bytes. */
  #varint(offset: number): { readonly value: number; readonly length: number } | undefined {
    let value = 0;
    for (let length = 0; length < MAX_VARINT_BYTES; length += 1) {
      if (!this.has(offset + length + 1)) return undefined;
      const byte = this.data.readUInt8(this.at + offset + length);
      value += (byte & 0x7f) * 2 ** (7 * length);
      if (byte < 0x80) return { value, length: length + 1 };
    }
    throw new ProtocolError('a number of more than ten bytes');
  }
}
