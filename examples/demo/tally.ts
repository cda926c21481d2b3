/** What the clients of one server were told. Transfers are known by their ids. */
export class Tally {
  calls = 0;
  failed = 0;
  unknown = 0;
  /** Milliseconds. */
  slowestMs = 0;
  readonly acknowledged: Set<string> = new Set();
  /** Transfers that were told to have failed. */
  readonly refused: Set<string> = new Set();
  /** What failed calls were told, and how often. */
  readonly failures: Map<string, number> = new Map();

  /** Counts a call. */
  done(ms: number, transferId?: string): void {
    this.#call(ms);
    if (transferId !== undefined) this.acknowledged.add(transferId);
  }

  /** Counts a call that the server itself said it does not know the outcome of. */
  leftUnknown(ms: number): void {
    this.#call(ms);
    this.unknown += 1;
  }

  fail(ms: number, error: unknown, transferId?: string): void {
    this.#call(ms);
    this.failed += 1;
    const text = textOf(error);
    this.failures.set(text, (this.failures.get(text) ?? 0) + 1);
    if (transferId !== undefined) this.refused.add(transferId);
  }

  #call(ms: number): void {
    this.calls += 1;
    this.slowestMs = Math.max(this.slowestMs, ms);
  }
}

function textOf(error: unknown): string {
  const { status, reason, message } = error as { status?: unknown; reason?: unknown; message?: unknown };
  return [status, reason, message].filter((part) => typeof part === 'string').join(' ');
}
