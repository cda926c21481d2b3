/** Counts the calls that a server has not answered yet, and refuses new ones once it drains. */
export class CallsInFlight {
  #count = 0;
  #draining = false;
  #whenNone: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  /** Whether new calls are to be refused. */
  get draining(): boolean {
    return this.#draining;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
  }

  /** Refuses new calls from now on; resolves when there are none left. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }
}
