/** Reads the fields of a packet's payload, one after the other. A RangeError when it is too short. */
export class PayloadReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  skip(bytes: number): void {
    this.#offset += bytes;
  }

  bytes(length: number): Buffer {
    if (length > this.left) throw new RangeError('packet too short');
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** An unsigned integer of one to six bytes. */
  uint(length: 1 | 2 | 3 | 4): number {
    return this.bytes(length).readUIntLE(0, length);
  }

  int(length: 1 | 2 | 4): number {
    return this.bytes(length).readIntLE(0, length);
  }

  bigint(unsigned: boolean): bigint {
    const bytes = this.bytes(8);
    return unsigned ? bytes.readBigUInt64LE() : bytes.readBigInt64LE();
  }

  float(): number {
    return this.bytes(4).readFloatLE();
  }

  double(): number {
    return this.bytes(8).readDoubleLE();
  }

  /** A number in the protocol's own variable length. */
  length(): number {
    const first = this.uint(1);
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.uint(2);
    if (first === 0xfd) return this.uint(3);
    return Number(this.bigint(true));
  }

  /** Bytes that are preceded by their length. */
  lengthBytes(): Buffer {
    return this.bytes(this.length());
  }

  /** Text up to a zero byte, or to the end. */
  zeroText(): string {
    const end = this.#bytes.indexOf(0, this.#offset);
    const text = this.bytes((end < 0 ? this.#bytes.length : end) - this.#offset).toString();
    if (end >= 0) this.skip(1);
    return text;
  }

  /** All that is left, as text. */
  restText(): string {
    return this.bytes(this.left).toString();
  }
}
