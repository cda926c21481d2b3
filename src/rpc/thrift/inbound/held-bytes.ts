/** Who holds back bytes of a message that has not come to its end. */
export interface Holder {
  readonly heldBytes: number;
  /** Gives the bytes up, and the connection with them. */
  giveUp(): void;
}

/** The bytes that all connections of a server hold back, and their limit. */
export class HeldBytes {
  readonly #max: number;
  readonly #holders = new Set<Holder>();
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** A holder holds more or fewer bytes than before. */
  changed(holder: Holder, before: number): void {
    if (holder.heldBytes === before) return;
    this.#total += holder.heldBytes - before;
    if (holder.heldBytes === 0) this.#holders.delete(holder);
    else this.#holders.add(holder);
    while (this.#total > this.#max && this.#holders.size > 0) this.#largest(holder).giveUp();
  }

  /** Who sends small messages is not to suffer for those who send large ones. */
  #largest(first: Holder): Holder {
    let largest = first;
    for (const holder of this.#holders) if (holder.heldBytes > largest.heldBytes) largest = holder;
    return largest;
  }
}
