const SMALLEST = 1024;

/**
 * The beginning of a message. Its memory grows with what has come, not with what the message claims to be, and
 * is not used for another one: what is read from a message may refer to it.
 */
export class HeldMessage {
  #memory: Buffer | undefined;
  #length = 0;

  /** The memory that it takes, in bytes. */
  get capacity(): number {
    return this.#memory?.length ?? 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds what came, and returns all of it. */
  append(data: Buffer): Buffer {
    const length = this.#length + data.length;
    let memory = this.#memory;
    if (memory === undefined || memory.length < length) {
      // Not from Node's pool: it would keep other messages' memory alive, and its own size is known.
      const larger = Buffer.allocUnsafeSlow(
        Math.max(SMALLEST, length, Math.min(2 * this.capacity, 2 * length)),
      );
      memory?.copy(larger, 0, 0, this.#length);
      memory = larger;
    }
    data.copy(memory, this.#length);
    this.#memory = memory;
    this.#length = length;
    return memory.subarray(0, length);
  }

  clear(): void {
    this.#memory = undefined;
    this.#length = 0;
  }
}
