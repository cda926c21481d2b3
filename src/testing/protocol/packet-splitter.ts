/** How much of a packet's payload is looked at: enough to tell a command and its statement. */
const HEAD_BYTES = 16 * 1024;
/** A packet of this length is continued by the next one. */
const LONGEST = 0xff_ff_ff;
const HEADER_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** A run of bytes that belongs to one packet. */
export interface Piece {
  readonly bytes: Buffer;
  readonly sequence: number;
  /** Whether it begins with a header: the first piece of a packet or of a continuation. */
  readonly startsPart: boolean;
  /** On the first piece of a packet: the beginning of the payload. */
  readonly payload: Buffer | undefined;
  /** The packet, its continuations included, ends with this piece. */
  readonly last: boolean;
}

/**
 * Finds the MySQL packets in a stream of chunks: a packet can span chunks and a chunk can hold many
 * packets. Long packets are not collected: they pass piece by piece.
 */
export class PacketSplitter {
  #bytes: Buffer = NOTHING;
  /** Bytes of the current packet still to come. */
  #left = 0;
  #sequence = 0;
  #continued = false;

  /** Adds what arrived. */
  write(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next piece, or undefined until more arrives. */
  next(): Piece | undefined {
    if (this.#left > 0)
      return this.#bytes.length === 0 ? undefined : this.#take(this.#left, false, undefined);
    if (this.#bytes.length < HEADER_BYTES) return undefined;
    const length = this.#bytes.readUIntLE(0, 3);
    const head = HEADER_BYTES + Math.min(length, HEAD_BYTES);
    if (this.#bytes.length < head) return undefined;
    const payload = this.#continued ? undefined : this.#bytes.subarray(HEADER_BYTES, head);
    this.#sequence = this.#bytes.readUInt8(3);
    this.#continued = length === LONGEST;
    return this.#take(HEADER_BYTES + length, true, payload);
  }

  /** Takes whatever has not been handed out: the stream is no longer made of packets, or has ended. */
  rest(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = NOTHING;
    return bytes;
  }

  #take(wanted: number, startsPart: boolean, payload: Buffer | undefined): Piece {
    const bytes = this.#bytes.subarray(0, wanted);
    this.#bytes = this.#bytes.subarray(bytes.length);
    this.#left = wanted - bytes.length;
    const last = this.#left === 0 && !this.#continued;
    return { bytes, sequence: this.#sequence, startsPart, payload, last };
  }
}
