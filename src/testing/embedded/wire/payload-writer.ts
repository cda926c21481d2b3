const FIRST_CAPACITY = 64;

/** Writes the fields of a packet's payload, one after the other. */
export class PayloadWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  /** What was written. */
  get payload(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  uint(value: number, length: 1 | 2 | 3 | 4): this {
    const offset = this.#grow(length);
    this.#bytes.writeUIntLE(value, offset, length);
    return this;
  }

  /** An integer of any sign, wrapped to its length. */
  int(value: bigint, length: 1 | 2 | 4 | 8): this {
    const offset = this.#grow(length);
    const wrapped = BigInt.asUintN(length * 8, value);
    if (length === 8) this.#bytes.writeBigUInt64LE(wrapped, offset);
    else this.#bytes.writeUIntLE(Number(wrapped), offset, length);
    return this;
  }

  float(value: number): this {
    const offset = this.#grow(4);
    this.#bytes.writeFloatLE(value, offset);
    return this;
  }

  double(value: number): this {
    const offset = this.#grow(8);
    this.#bytes.writeDoubleLE(value, offset);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const offset = this.#grow(bytes.length);
    this.#bytes.set(bytes, offset);
    return this;
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text));
  }

  zeroText(text: string): this {
    return this.text(text).uint(0, 1);
  }

  /** A number in the protocol's own variable length. */
  length(value: number | bigint): this {
    const number = Number(value);
    if (number < 0xfb) return this.uint(number, 1);
    if (number < 2 ** 16) return this.uint(0xfc, 1).uint(number, 2);
    if (number < 2 ** 24) return this.uint(0xfd, 1).uint(number, 3);
    return this.uint(0xfe, 1).int(BigInt(value), 8);
  }

  lengthBytes(bytes: Uint8Array): this {
    return this.length(bytes.length).bytes(bytes);
  }

  lengthText(text: string): this {
    return this.lengthBytes(Buffer.from(text));
  }

  #grow(by: number): number {
    const offset = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.length) {
      const bytes = Buffer.allocUnsafe(this.#length * 2);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    return offset;
  }
}
