import { setTimeout as sleep } from 'node:timers/promises';
import type { Column } from './column.js';
import { burst, settled } from './workload.js';

/** How often a fault strikes while the clients call. */
const ROUNDS = 4;
/** The least time between two of them, in milliseconds. */
const RECOVERY_MS = 300;
/** How long the calls are given to reach servers that stand still, in milliseconds. */
const ARRIVAL_MS = 50;

/**
 * Calls that find every connection dead. The servers stand still, as in a long garbage collection; meanwhile
 * calls arrive and the connections die. When the servers go on, the calls are what they read first, and the
 * news of the loss is still to come.
 */
export async function callsOnDeadConnections(
  columns: readonly Column[],
  loss: () => Promise<unknown>,
): Promise<void> {
  await burst(columns);
  for (const { server } of columns) server.pause();
  const calls = burst(columns);
  await sleep(ARRIVAL_MS);
  await loss();
  for (const { server } of columns) server.resume();
  await calls;
}

/**
 * A fault again and again. The next one strikes when the calls that met the last one are over: a call has
 * three attempts, and no rule of repair survives any number of faults.
 */
export async function repeatedly(columns: readonly Column[], fault: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(RECOVERY_MS);
    await fault();
    await settled(columns);
  }
}

/** Closes all connections in an orderly way and leaves the servers time to notice: this is no fault. */
export async function renewSessions(columns: readonly Column[]): Promise<void> {
  for (const { proxy } of columns) proxy.fin();
  while (columns.some(({ proxy }) => proxy.connections > 0)) await sleep(1);
  await sleep(RECOVERY_MS);
}
