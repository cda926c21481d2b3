/** What has to be undone at the end, the latest first, whether the end is good, bad or a Ctrl-C. */
export class Undo {
  #steps: (() => Promise<unknown>)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Undoes everything, whatever fails of it. Running it twice is running it once. */
  run(): Promise<void> {
    this.#running ??= this.#all();
    return this.#running;
  }

  async #all(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await step().catch((error) => console.error(`not undone: ${error}`));
    }
  }
}
