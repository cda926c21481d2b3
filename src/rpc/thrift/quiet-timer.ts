import { MAX_TIMER_MS } from '../../core/process/clock.js';

/** A timer that can be started again and again at little cost, and does not hold the process. */
export class QuietTimer {
  readonly #ms: number;
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param ms what is longer than a timer can be never comes. */
  constructor(ms: number, fire: () => void) {
    this.#ms = ms;
    this.#fire = fire;
  }

  /** Starts it from the beginning. */
  restart(): void {
    if (this.#ms > MAX_TIMER_MS) return;
    if (this.#timer === undefined) this.#timer = setTimeout(this.#fire, this.#ms).unref();
    else this.#timer.refresh();
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
