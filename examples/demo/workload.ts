import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from './clients/caller.js';
import type { Column } from './column.js';
import { REST_MS } from './scale.js';

/** Every second call is a transfer; the others read a balance or a history. */
const KINDS = ['transfer', 'balance', 'transfer', 'history'] as const;

/** Every client of every server calls and rests, again and again, until the promise is settled. */
export async function load(columns: readonly Column[], until: Promise<unknown>): Promise<void> {
  let over = false;
  const stop = (): void => {
    over = true;
  };
  const keepCalling = async (column: Column, caller: Caller): Promise<void> => {
    while (!over) {
      await call(column, caller);
      await sleep(REST_MS);
    }
  };
  const clients = columns.flatMap((column) => column.callers.map((caller) => keepCalling(column, caller)));
  await Promise.all([until.finally(stop), ...clients]);
}

/** Every client of every server makes three calls at once. */
export async function burst(columns: readonly Column[]): Promise<void> {
  const calls = columns.flatMap((column) =>
    [...column.callers, ...column.callers, ...column.callers].map((caller) => call(column, caller)),
  );
  await Promise.all(calls);
}

/** Until the calls that are under way now are over. */
export async function settled(columns: readonly Column[]): Promise<void> {
  await Promise.all(columns.flatMap(({ pending }) => [...pending]));
}

async function call(column: Column, caller: Caller): Promise<void> {
  const made = makeCall(column, caller);
  column.pending.add(made);
  await made;
  column.pending.delete(made);
}

/** One call, and what became of it. */
async function makeCall({ accounts, tally }: Column, caller: Caller): Promise<void> {
  const startedAt = performance.now();
  const took = (): number => performance.now() - startedAt;
  const [from, to] = twoOf(accounts);
  const kind = KINDS[randomInt(KINDS.length)];
  const transferId = kind === 'transfer' ? randomUUID() : undefined;
  try {
    if (transferId !== undefined) await caller.transfer({ from, to, amount: randomInt(1, 100), transferId });
    else if (kind === 'balance') await caller.balance(from);
    else await caller.history(from);
    tally.done(took(), transferId);
  } catch (error) {
    // Only a write can be in doubt: of anything else the answer is a failure.
    if (transferId !== undefined && caller.saysUnknown(error)) tally.leftUnknown(took());
    else tally.fail(took(), error, transferId);
  }
}

function twoOf(accounts: readonly number[]): readonly [number, number] {
  const first = randomInt(accounts.length);
  const second = (first + randomInt(1, accounts.length)) % accounts.length;
  return [accounts[first] ?? 0, accounts[second] ?? 0];
}
