import { setImmediate } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/**
 * Whatever else a test file says: nothing it did may have raised an unhandled rejection or exception, nor
 * left listeners behind in such numbers that Node warns of a leak.
 */
const strays: unknown[] = [];

process.on('unhandledRejection', (reason) => strays.push(reason));
process.on('uncaughtExceptionMonitor', (error) => strays.push(error));
process.on('warning', (warning) => {
  if (warning.name === 'MaxListenersExceededWarning') strays.push(warning);
});

afterAll(async () => {
  // A rejection is reported one turn after it happened.
  await setImmediate();
  await setImmediate();
  expect(strays, 'unhandled rejections, exceptions and leaked listeners').toEqual([]);
});
