import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Resolution,
  resolveOutcome,
  type Witness,
} from '../../../../src/resources/mysql2/outcome/resolve-outcome.js';

type Fate = 'answered' | 'request lost' | 'reply lost';

/** What happens beside the witnesses, each at a moment that the scheduler chooses. */
interface Accidents {
  /** What becomes of the COMMIT that is on its way. */
  readonly commit: 'arrives' | 'is lost';
  /** Whether the server notices by itself that the client is gone. */
  readonly noticed: boolean;
  /** Whether the server is restarted: open transactions are rolled back. */
  readonly restarts: boolean;
  /** What becomes of what witnesses ask, in turn; afterwards all is answered. */
  readonly fates: readonly Fate[];
  /** Whether a witness may kill the session: its mark may be gone. */
  readonly marked: boolean;
  /** Which witnesses are at another server, in turn; that one replicates after the commit, or never. */
  readonly elsewhere: readonly boolean[];
  readonly replicates: boolean;
}

/** A server, the transaction whose COMMIT was sent, and the network between. */
class World {
  readonly #scheduler: fc.Scheduler;
  readonly #accidents: Accidents;
  #transaction: 'open' | 'committed' | 'rolled back' = 'open';
  #session = true;
  #fenced = false;
  #asked = 0;
  #witnesses = 0;

  constructor(scheduler: fc.Scheduler, accidents: Accidents) {
    this.#scheduler = scheduler;
    this.#accidents = accidents;
    const { commit, noticed, restarts } = accidents;
    if (commit === 'arrives') this.#later('COMMIT arrives', () => this.#commit());
    if (noticed) this.#later('the server notices', () => this.#end());
    if (restarts) this.#later('the server restarts', () => this.#end());
  }

  /** What became of it in the end. */
  get committed(): boolean {
    return this.#transaction === 'committed';
  }

  async callWitness(): Promise<Witness> {
    const elsewhere = this.#accidents.elsewhere[this.#witnesses] ?? false;
    this.#witnesses += 1;
    const ask = <T>(label: string, effect: () => T): Promise<T> => this.#ask(label, effect);
    return {
      atSameServer: !elsewhere,
      sees: () => ask('sees', () => this.#session && this.#accidents.marked),
      kill: () => ask('kill', () => this.#end()),
      fence: () => ask('fence', () => this.#fence()),
      read: () => ask('read', () => this.#read(elsewhere)),
      dismiss: () => undefined,
    };
  }

  #later(label: string, effect: () => void): void {
    void this.#scheduler.schedule(Promise.resolve(), label).then(effect);
  }

  async #ask<T>(label: string, effect: () => T): Promise<T> {
    const fate = this.#accidents.fates[this.#asked] ?? 'answered';
    this.#asked += 1;
    await this.#scheduler.schedule(Promise.resolve(), label);
    if (fate === 'request lost') throw new Error('request lost');
    const result = effect();
    await this.#scheduler.schedule(Promise.resolve(), `${label}: answer`);
    if (fate === 'reply lost') throw new Error('reply lost');
    return result;
  }

  #commit(): void {
    if (this.#session && this.#transaction === 'open') this.#transaction = 'committed';
  }

  #end(): void {
    this.#session = false;
    if (this.#transaction === 'open') this.#transaction = 'rolled back';
  }

  #fence(): 'written' | 'waiting' | 'taken' {
    if (this.#transaction === 'open') return 'waiting';
    if (this.#transaction === 'committed' || this.#fenced) return 'taken';
    this.#fenced = true;
    return 'written';
  }

  #read(elsewhere: boolean): 'own' | 'fence' | undefined {
    if (elsewhere) return this.committed && this.#accidents.replicates ? 'own' : undefined;
    if (this.committed) return 'own';
    return this.#fenced ? 'fence' : undefined;
  }
}

const accidents = fc.record<Accidents>({
  commit: fc.constantFrom('arrives', 'is lost'),
  noticed: fc.boolean(),
  restarts: fc.boolean(),
  fates: fc.array(fc.constantFrom<Fate>('answered', 'request lost', 'reply lost'), { maxLength: 12 }),
  marked: fc.boolean(),
  elsewhere: fc.array(fc.boolean(), { maxLength: 3 }),
  replicates: fc.boolean(),
});

type Resolver = typeof resolveOutcome;
const TRIES = 12;

/** Resolves in a world, then lets everything happen that is still under way. */
async function settle(
  scheduler: fc.Scheduler,
  given: Accidents,
  resolver: Resolver,
): Promise<{ readonly resolution: Resolution; readonly committed: boolean }> {
  const world = new World(scheduler, given);
  let tries = 0;
  const patience = {
    over: () => tries >= TRIES,
    pause: async () => {
      tries += 1;
      await scheduler.schedule(Promise.resolve(), 'pause');
    },
  };
  const resolving = resolver(() => world.callWitness(), patience);
  const resolution = await scheduler.waitFor(resolving);
  await scheduler.waitIdle();
  return { resolution, committed: world.committed };
}

const isTrue = ({ resolution, committed }: Awaited<ReturnType<typeof settle>>): boolean =>
  resolution === 'unknown' || (resolution === 'committed') === committed;

const always = (resolver: Resolver) =>
  fc.asyncProperty(fc.scheduler(), accidents, async (scheduler, given) =>
    isTrue(await settle(scheduler, given, resolver)),
  );

describe('the resolution of an outcome, in all interleavings', () => {
  test('is true, or unknown', async () => {
    await fc.assert(always(resolveOutcome), { numRuns: 3_000 });
  });

  test('is known when one can ask and the session can be ended', async () => {
    const benign = accidents.map((given) => ({
      ...given,
      marked: true,
      elsewhere: [],
      fates: given.fates.slice(0, 4),
    }));
    const known = fc.asyncProperty(fc.scheduler(), benign, async (scheduler, given) => {
      const { resolution } = await settle(scheduler, given, resolveOutcome);
      return resolution !== 'unknown';
    });
    await fc.assert(known, { numRuns: 1_000 });
  });

  const planted: Readonly<Record<string, Resolver>> = {
    'reading the row instead of writing it': async (call) => {
      const witness = await call();
      return (await witness.read().catch(() => undefined)) === 'own' ? 'committed' : 'rolled back';
    },
    'taking a fence of its own for a commit': async (call, patience) => {
      while (!patience.over()) {
        const witness = await call();
        const fence = await witness.fence().catch(() => undefined);
        if (fence === 'written') return 'rolled back';
        if (fence === 'taken') return 'committed';
        await patience.pause(1);
      }
      return 'unknown';
    },
    'believing another server': async (call, patience) =>
      resolveOutcome(
        async () =>
          Object.assign(await call(), { atSameServer: true, fence: async () => 'written' as const }),
        patience,
      ),
  };

  test.each(Object.entries(planted))('%s is caught', async (_, resolver) => {
    const { failed } = await fc.check(always(resolver), { numRuns: 3_000 });
    expect(failed).toBe(true);
  });
});
