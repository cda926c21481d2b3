import { FieldType } from '../protocol.js';
import { ProtocolError } from '../protocol-error.js';
import { ValueWalk } from './value-walk.js';

/** Bytes of the values that have a fixed length. */
const WIDTHS: readonly (number | undefined)[] = Object.assign([], {
  [FieldType.BOOL]: 1,
  [FieldType.BYTE]: 1,
  [FieldType.DOUBLE]: 8,
  [FieldType.I16]: 2,
  [FieldType.I32]: 4,
  [FieldType.I64]: 8,
  [FieldType.UUID]: 16,
});

/** Through a message of the binary protocol, with or without a version in its head. */
export class BinaryEnd extends ValueWalk {
  protected override skipHead(): boolean {
    const { data, at } = this;
    if (!this.has(4)) return false;
    const first = data.readInt32BE(at);
    // Length, name, type and number; or version and type, length, name and number.
    if (first >= 0) return this.skipBytes(4 + first + 5);
    if (!this.has(8)) return false;
    return this.skipBytes(8 + nonNegative(data.readInt32BE(at + 4)) + 4);
  }

  protected override readField(): number {
    if (!this.has(1)) return -1;
    const type = this.data.readUInt8(this.at);
    if (type === FieldType.STOP) {
      this.at += 1;
      return type;
    }
    if (!this.has(3)) return -1;
    this.at += 3;
    return type;
  }

  protected override skipValue(type: number): boolean {
    const width = WIDTHS[type];
    if (width !== undefined) return this.skipBytes(width);
    switch (type) {
      case FieldType.STRING:
        return this.has(4) && this.skipBytes(4 + nonNegative(this.data.readInt32BE(this.at)));
      case FieldType.STRUCT:
        return this.enterStruct();
      case FieldType.SET:
      case FieldType.LIST:
        return this.has(5) && this.#enter(1);
      case FieldType.MAP:
        return this.has(6) && this.#enter(2);
      default:
        throw new ProtocolError(`a value of type ${type}`);
    }
  }

  #enter(typeCount: 1 | 2): boolean {
    const { data, at } = this;
    const types = [...data.subarray(at, at + typeCount)];
    const size = data.readInt32BE(at + typeCount);
    this.at += typeCount + 4;
    const element = types.reduce((sum, type) => sum + (WIDTHS[type] ?? Number.NaN), 0);
    return size > 0 && element > 0 ? this.skipBytes(size * element) : this.enterContainer(types, size);
  }
}

function nonNegative(length: number): number {
  if (length < 0) throw new ProtocolError('a value of negative length');
  return length;
}
