import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from 'fresh-connections/testing';
import type { Column } from './column.js';
import { callsOnDeadConnections, renewSessions, repeatedly } from './faults.js';
import type { Undo } from './undo.js';
import { withWaitTimeout } from './wait-timeout.js';
import { burst, load } from './workload.js';

/** A fault, on all servers at the same time, and the calls that meet it. */
export interface Phase {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

/** Where the phases play. */
export interface Stage {
  readonly database: TestDatabase;
  readonly columns: readonly Column[];
  readonly undo: Undo;
}

const noFault: Phase = {
  name: 'no fault',
  run: ({ columns }) => load(columns, sleep(1_000)),
};

/** Bursts about as far apart as the server lets connections idle, and calls after all of them expired. */
const idleExpiry: Phase = {
  name: 'idle expiry (wait_timeout = 1)',
  async run({ database, columns, undo }) {
    await withWaitTimeout({ database, seconds: 1, undo }, async () => {
      await renewSessions(columns);
      for (const idleMs of [995, 1000, 1005]) {
        await burst(columns);
        await sleep(idleMs);
      }
      // A little longer than they may idle.
      await callsOnDeadConnections(columns, () => sleep(1_300));
    });
    await renewSessions(columns);
  },
};

const kill: Phase = {
  name: 'KILL of all connections',
  async run({ database, columns }) {
    await callsOnDeadConnections(columns, () => database.killAll());
    await load(
      columns,
      repeatedly(columns, () => database.killAll()),
    );
  },
};

const reset: Phase = {
  name: 'network reset (RST)',
  async run({ columns }) {
    const resetAll = async (): Promise<void> => {
      for (const { proxy } of columns) proxy.reset();
    };
    await callsOnDeadConnections(columns, resetAll);
    await load(columns, repeatedly(columns, resetAll));
  },
};

const crash: Phase = {
  name: 'crash and restart of the database',
  run({ database, columns }) {
    if (database.kind === 'external') throw new Error('not ours to crash');
    const crashAndRestart = async (): Promise<void> => {
      await sleep(300);
      await database.crash();
      await sleep(300);
      await database.restart();
      await sleep(500);
    };
    return load(columns, crashAndRestart());
  },
};

/**
 * As by a firewall that forgets connections which were idle for a while: no FIN, no RST, no answer. Comes
 * last, because what is bare does not recover from it.
 */
const silentDrop: Phase = {
  name: 'silent drop of idle connections',
  async run({ columns }) {
    await burst(columns);
    await sleep(700);
    for (const { proxy } of columns) proxy.silence();
    await burst(columns);
  },
};

/** In the order in which they run. */
export function phasesFor(database: TestDatabase): readonly Phase[] {
  const phases = [noFault, idleExpiry, kill, reset, crash, silentDrop];
  return database.kind === 'external' ? phases.filter((phase) => phase !== crash) : phases;
}
