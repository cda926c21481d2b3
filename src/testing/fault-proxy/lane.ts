import type { Socket } from 'node:net';
import { PacketSplitter } from '../protocol/packet-splitter.js';
import type { ActiveCut } from './cut-rule.js';
import { DeliveryQueue } from './delivery-queue.js';
import type { Direction } from './direction.js';

/** One direction of a connection: from the socket it is read from to the socket it is written to. */
export class Lane {
  readonly direction: Direction;
  readonly splitter: PacketSplitter = new PacketSplitter();
  /** Cuts that wait for the end of the packet that is passing. */
  pendingCuts: readonly ActiveCut[] = [];
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #queue: DeliveryQueue;
  #held = false;
  #sealed = false;

  constructor(direction: Direction, source: Socket, sink: Socket) {
    this.direction = direction;
    this.#source = source;
    this.#sink = sink;
    this.#queue = new DeliveryQueue(() => this.#adjust());
    sink.on('drain', () => this.#adjust());
  }

  set delayMs(delayMs: number) {
    this.#queue.delayMs = delayMs;
  }

  /** Sealed: a cut is on its way and nothing goes after it. */
  get sealed(): boolean {
    return this.#sealed;
  }

  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes.length, () => {
      if (this.#sink.writable) this.#sink.write(bytes);
    });
    this.#adjust();
  }

  /** Passes on that the source will send nothing more. */
  end(): void {
    this.write(this.splitter.rest());
    this.#queue.push(0, () => this.#sink.end());
  }

  /** Does something once all that was written has been delivered, and lets nothing through after it. */
  seal(action: () => void): void {
    this.#sealed = true;
    this.#queue.push(0, action);
  }

  postpone(ms: number): void {
    this.#queue.postpone(ms);
  }

  /** Leaves what comes in the kernel, as if it were still on its way. */
  hold(): void {
    this.#held = true;
    this.#queue.stop();
    this.#adjust();
  }

  release(): void {
    this.#held = false;
    this.#queue.start();
    this.#adjust();
  }

  /** Drops what is on its way; what still comes is read, so that nobody is kept from writing. */
  discard(): void {
    this.#held = false;
    this.#sealed = true;
    this.#queue.clear();
    this.splitter.rest();
    this.#source.resume();
  }

  #adjust(): void {
    if (this.#held) this.#source.pause();
    else if (!this.#sealed && (this.#queue.full || this.#sink.writableNeedDrain)) this.#source.pause();
    else this.#source.resume();
  }
}
