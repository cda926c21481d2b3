import { afterEach, beforeEach } from 'vitest';
import type { PoolWorld } from '../support/pool-world.js';
import { drainContract } from './drain.js';
import { outageContract } from './outage.js';
import { proofContract } from './proof.js';
import { takingContract } from './taking.js';
import { upkeepContract } from './upkeep.js';
import { waitingContract } from './waiting.js';

/** What a pool does, whatever its driver: run over each of them. */
export function poolContract(open: () => PoolWorld): void {
  let world: PoolWorld;
  beforeEach(() => {
    world = open();
  });
  afterEach(() => world.close());
  for (const part of [
    takingContract,
    waitingContract,
    upkeepContract,
    drainContract,
    outageContract,
    proofContract,
  ])
    part(() => world);
}
