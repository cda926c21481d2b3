import { ProtocolError } from '../protocol-error.js';
import { checkLength, type MessageEnd, MORE } from './message-end.js';

/** A struct or container in which the walk is. */
interface Open {
  /** Types of the values, as the protocol numbers them: one for a list, two for a map, none for a struct. */
  readonly types: readonly number[];
  /** How many values are still to come. */
  left: number;
}

/** As deep as npm thrift itself follows what it skips. */
const MAX_DEPTH = 64;

/** The field is the end of its struct. */
export const STOP = 0;

/**
 * Walks through the values of a message without making anything of them. A message tells its structure itself,
 * the same way for every service. Each step is done as a whole, or not at all while bytes are missing.
 */
export abstract class ValueWalk implements MessageEnd {
  readonly #maxBytes: number;
  readonly #open: Open[] = [];
  /** How far the walk is, from the message's start: beyond the data when a long value is under way. */
  #walked = 0;
  /** The type of a field whose value comes next. */
  #field = STOP;

  /** What is walked through. */
  protected data: Buffer = NOTHING;
  /** The index of the next byte. */
  protected at = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  find(data: Buffer, start: number): number {
    this.data = data;
    this.at = start + this.#walked;
    do {
      const before = this.at;
      if (before > data.length || !this.#step()) {
        this.data = NOTHING;
        this.#walked = before - start;
        checkLength(Math.max(this.#walked, data.length - start), this.#maxBytes);
        return MORE;
      }
    } while (this.#open.length > 0);
    checkLength(this.at - start, this.#maxBytes);
    this.data = NOTHING;
    this.#walked = 0;
    return this.at;
  }

  /** Walks over the message's head; `false` for lack of bytes. */
  protected abstract skipHead(): boolean;
  /** Walks over the head of a field, and returns the type of its value or {@link STOP}; -1 for lack of bytes. */
  protected abstract readField(): number;
  /** Walks over a value, or into it; `false` for lack of bytes. */
  protected abstract skipValue(type: number, inField: boolean): boolean;

  /** Whether so many bytes are there. */
  protected has(bytes: number): boolean {
    return this.at + bytes <= this.data.length;
  }

  /** Walks on, beyond the data if need be. */
  protected skipBytes(bytes: number): boolean {
    if (bytes < 0) throw new ProtocolError('a value of negative length');
    checkLength(bytes, this.#maxBytes);
    this.at += bytes;
    return true;
  }

  protected enterStruct(): boolean {
    return this.#enter({ types: [], left: 0 });
  }

  /** Walks into a container of so many elements; each has a value of every type, of one byte at least. */
  protected enterContainer(types: readonly number[], size: number): boolean {
    if (size < 0) throw new ProtocolError('a container of negative size');
    const left = size * types.length;
    checkLength(left, this.#maxBytes);
    return left === 0 || this.#enter({ types, left });
  }

  #enter(open: Open): boolean {
    if (this.#open.length === MAX_DEPTH) throw new ProtocolError('a message that is nested too deeply');
    this.#open.push(open);
    return true;
  }

  #step(): boolean {
    const top = this.#open.at(-1);
    if (top === undefined) return this.skipHead() && this.enterStruct();
    return top.types.length === 0 ? this.#stepInStruct() : this.#stepInContainer(top);
  }

  #stepInStruct(): boolean {
    if (this.#field === STOP) {
      const type = this.readField();
      if (type < 0) return false;
      if (type === STOP) this.#leave();
      this.#field = type;
      return true;
    }
    const type = this.#field;
    this.#field = STOP;
    if (this.skipValue(type, true)) return true;
    this.#field = type;
    return false;
  }

  #stepInContainer(top: Open): boolean {
    const { types, left } = top;
    // The first of two when their number is even.
    const type = types[left % types.length === 0 ? 0 : 1] ?? STOP;
    top.left -= 1;
    const depth = this.#open.length;
    if (!this.skipValue(type, false)) {
      top.left += 1;
      return false;
    }
    if (this.#open.length === depth && top.left === 0) this.#leave();
    return true;
  }

  /** Leaves a struct or container, and those around it of which it was the last value. */
  #leave(): void {
    this.#open.pop();
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (top.types.length === 0 || top.left > 0) return;
      this.#open.pop();
    }
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
