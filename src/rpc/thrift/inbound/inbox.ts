import { ProtocolError } from '../protocol-error.js';
import { type DetectedWire, detectWire } from './detect-wire.js';
import type { HeldBytes, Holder } from './held-bytes.js';
import { HeldMessage } from './held-message.js';
import { MORE } from './message-end.js';

/** What becomes of what a client sends. */
export interface InboxEvents {
  /** Whole messages, one or several. Returns whether the server made something of them. */
  deliver(messages: Buffer): boolean;
  /** The client speaks this; before anything is delivered. Throws when the server can't. */
  detected(wire: DetectedWire): void;
  /** Its bytes were given up because all connections together hold back too many. */
  gaveUp(error: ProtocolError): void;
}

/**
 * Lets whole messages through to the server, and holds back the beginning of the next one. npm thrift would
 * hold it itself, without a limit, and without frames it would read it anew with each chunk that comes.
 */
export class Inbox implements Holder {
  readonly #maxBytes: number;
  readonly #total: HeldBytes;
  readonly #events: InboxEvents;
  readonly #held = new HeldMessage();
  #wire: DetectedWire | undefined;
  /** What the server has taken and still waits with, because it speaks something else than the client. */
  #stuck = 0;

  constructor(maxBytes: number, total: HeldBytes, events: InboxEvents) {
    this.#maxBytes = maxBytes;
    this.#total = total;
    this.#events = events;
  }

  get heldBytes(): number {
    return this.#held.length + this.#stuck;
  }

  /** Whether a message has begun that has not come to its end. */
  get isPartial(): boolean {
    return this.#held.length > 0;
  }

  /**
   * @returns whether a message came to its end.
   * @throws ProtocolError for what is no message, or too long.
   */
  receive(chunk: Buffer): boolean {
    const before = this.heldBytes;
    const held = this.#held.length > 0;
    const data = held ? this.#held.append(chunk) : chunk;
    const end = this.#endOfWhole(data);
    if (end > 0) {
      // The memory of what is held is not the server's; that of a chunk is.
      const whole = held ? this.#held.copy(end) : data.subarray(0, end);
      const rest = held ? chunk.subarray(chunk.length - (data.length - end)) : data.subarray(end);
      this.#held.clear();
      if (rest.length > 0) this.#held.append(rest);
      this.#stuck = this.#events.deliver(whole) ? 0 : whole.length;
    } else if (!held) {
      this.#held.append(chunk);
    }
    this.#total.changed(this, before);
    return end > 0;
  }

  giveUp(): void {
    this.clear();
    this.#events.gaveUp(new ProtocolError('all connections together hold back too many bytes'));
  }

  /** Forgets what it holds. */
  clear(): void {
    const before = this.heldBytes;
    this.#held.clear();
    this.#stuck = 0;
    this.#total.changed(this, before);
  }

  /** The index after the last message that is all there; 0 when there is none. */
  #endOfWhole(data: Buffer): number {
    this.#wire ??= this.#detect(data);
    if (this.#wire === undefined) return 0;
    let end = 0;
    while (end < data.length) {
      const next = this.#wire.end.find(data, end);
      if (next === MORE) break;
      end = next;
    }
    return end;
  }

  #detect(data: Buffer): DetectedWire | undefined {
    const wire = detectWire(data, this.#maxBytes);
    if (wire !== undefined) this.#events.detected(wire);
    return wire;
  }
}
