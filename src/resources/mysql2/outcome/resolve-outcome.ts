/** What became of a transaction whose COMMIT was not answered. */
export type Resolution = 'committed' | 'rolled back' | 'unknown';

/**
 * Somebody who can ask the server about the lost session and its transaction. Each method may reject: then a
 * new witness is called.
 */
export interface Witness {
  /** Whether it is certain to be at the server that the session was at. */
  readonly atSameServer: boolean;
  /** Whether the server still has the session. */
  sees(): Promise<boolean>;
  /** Ends the session. */
  kill(): Promise<void>;
  /**
   * Writes the row of the transaction as a fence. `'written'`: the transaction does not hold it, and never
   * will. `'waiting'`: it still holds it, and may go either way. `'taken'`: a committed row is there.
   */
  fence(): Promise<'written' | 'waiting' | 'taken'>;
  /** What the committed row is, if there is one: the transaction's own, or a fence. */
  read(): Promise<'own' | 'fence' | undefined>;
  /** Is needed no more. */
  dismiss(failed: boolean): void;
}

/** How long one goes on asking. */
export interface Patience {
  /** Whether it is too late to ask again. */
  over(): boolean;
  /** Waits before it is asked again. */
  pause(attempt: number): Promise<void>;
}

/**
 * Finds out whether a transaction was committed, for certain or not at all. It had written its row before
 * COMMIT was sent, so as long as it is alive it holds the row's lock: whoever can write the same row knows that
 * it was rolled back, whoever finds it committed knows that too. Merely reading the row would be a guess: the
 * commit may be on its way. The session is ended first, so that neither waits for the other.
 */
export async function resolveOutcome(call: () => Promise<Witness>, patience: Patience): Promise<Resolution> {
  for (let attempt = 1; !patience.over(); attempt += 1) {
    let witness: Witness | undefined;
    try {
      witness = await call();
      const resolution = await testimony(witness);
      witness.dismiss(false);
      if (resolution !== undefined) return resolution;
    } catch {
      witness?.dismiss(true);
    }
    await patience.pause(attempt);
  }
  return 'unknown';
}

/** What one witness can tell; `undefined` when another should be asked later. */
async function testimony(witness: Witness): Promise<Resolution | undefined> {
  // Another server may never have heard of the transaction, or not yet: that it has no row says nothing there.
  if (!witness.atSameServer) return (await witness.read()) === 'own' ? 'committed' : 'unknown';
  if (await witness.sees()) await witness.kill();
  switch (await witness.fence()) {
    case 'written':
      return 'rolled back';
    case 'taken':
      // An earlier fence may have been written although its reply was lost.
      return (await witness.read()) === 'fence' ? 'rolled back' : 'committed';
    case 'waiting':
      return undefined;
  }
}
