/** More than this waiting to be delivered, and the source is read no further. */
const FULL_BYTES = 1024 * 1024;

interface Item {
  readonly dueAt: number;
  readonly bytes: number;
  readonly deliver: () => void;
}

/**
 * Delivers things in the order they were pushed, each after a delay; without delay, at once. While it is
 * stopped nothing is delivered and nothing is lost.
 */
export class DeliveryQueue {
  readonly #onDelivered: () => void;
  #items: Item[] = [];
  #bytes = 0;
  #delayMs = 0;
  #latest = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDelivered - is called when there may be room again. */
  constructor(onDelivered: () => void) {
    this.#onDelivered = onDelivered;
  }

  get full(): boolean {
    return this.#bytes > FULL_BYTES;
  }

  /** Delays what is pushed from now on. */
  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Delivers nothing that is pushed from now on earlier than `ms` from now. */
  postpone(ms: number): void {
    this.#latest = Math.max(this.#latest, performance.now() + ms);
  }

  push(bytes: number, deliver: () => void): void {
    const now = performance.now();
    const dueAt = Math.max(now + this.#delayMs, this.#latest);
    if (dueAt <= now && this.#items.length === 0 && !this.#stopped) return deliver();
    this.#latest = dueAt;
    this.#items.push({ dueAt, bytes, deliver });
    this.#bytes += bytes;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#schedule();
  }

  start(): void {
    this.#stopped = false;
    this.#schedule();
  }

  /** Forgets what was not delivered. */
  clear(): void {
    this.#items = [];
    this.#bytes = 0;
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const first = this.#items[0];
    if (!first || this.#stopped) return;
    // Rounded up: a timer that fires early would find nothing due.
    const wait = Math.max(0, Math.ceil(first.dueAt - performance.now()));
    this.#timer = setTimeout(() => this.#deliverDue(), wait).unref();
  }

  #deliverDue(): void {
    const now = performance.now();
    for (let first = this.#items[0]; first && !this.#stopped && first.dueAt <= now; first = this.#items[0]) {
      this.#items.shift();
      this.#bytes -= first.bytes;
      first.deliver();
    }
    this.#schedule();
    this.#onDelivered();
  }
}
