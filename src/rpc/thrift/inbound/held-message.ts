/** An ArrayBuffer that grows and shrinks in place; TypeScript knows it from ES2024 on, Node from 20 on. */
interface ResizableMemory extends ArrayBuffer {
  resize(bytes: number): void;
}
type ResizableMemoryClass = new (bytes: number, options: { maxByteLength: number }) => ResizableMemory;

/** From here on a message is held in memory that grows in place. */
const LARGE = 128 * 1024;
/** By how much it grows. */
const STEP = 256 * 1024;
const SMALLEST = 1024;

/**
 * The beginning of a message. Its memory grows with what has come, not with what the message claims to be, and
 * goes back to the system when it is given up: garbage of this size would be collected far too late.
 */
export class HeldMessage {
  /** Its first bytes hold what has come. */
  #memory: Buffer = EMPTY;
  #resizable: ResizableMemory | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds what came, and returns all of it; to look at it, not to keep it. */
  append(data: Buffer): Buffer {
    const length = this.#length + data.length;
    if (length > this.#memory.length) this.#grow(length);
    data.copy(this.#memory, this.#length);
    this.#length = length;
    return this.#memory.subarray(0, length);
  }

  /** Copies the first bytes for somebody who may keep them. */
  copy(bytes: number): Buffer {
    const copied = Buffer.allocUnsafeSlow(bytes);
    this.#memory.copy(copied, 0, 0, bytes);
    return copied;
  }

  clear(): void {
    this.#resizable?.resize(0);
    this.#resizable = undefined;
    this.#memory = EMPTY;
    this.#length = 0;
  }

  #grow(length: number): void {
    if (length <= LARGE) return this.#move(Buffer.allocUnsafeSlow(Math.max(SMALLEST, 2 * length)));
    const bytes = Math.ceil(length / STEP) * STEP;
    const outgrown = this.#resizable;
    if (outgrown !== undefined && bytes <= MAX_BYTES) {
      outgrown.resize(bytes);
      this.#memory = Buffer.from(outgrown);
      return;
    }
    const resizable = new (ArrayBuffer as unknown as ResizableMemoryClass)(bytes, {
      maxByteLength: Math.max(bytes, MAX_BYTES),
    });
    this.#move(Buffer.from(resizable));
    outgrown?.resize(0);
    this.#resizable = resizable;
  }

  #move(memory: Buffer): void {
    this.#memory.copy(memory, 0, 0, this.#length);
    this.#memory = memory;
  }
}

/** Addresses that are reserved, not memory. A longer message moves on to memory of its own length. */
const MAX_BYTES = 32 * 1024 * 1024;
const EMPTY: Buffer = Buffer.alloc(0);
