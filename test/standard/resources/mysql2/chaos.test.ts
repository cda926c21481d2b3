import { expect, test } from 'vitest';
import { chaos } from '../../../chaos/suite.js';
import { describeWithMariadb } from '../../../support/mariadb.js';

describeWithMariadb('chaos, a short version of npm run chaos', () => {
  test('with exactlyOnce nothing is lost, doubled or hidden, and planted faults are caught', async () => {
    const lines: string[] = [];
    const storm = { durationMs: 4_000, workers: 16, everyMs: 60, crashes: 1 };
    const options = { seed: 4, stride: 5, storm, plantedStorm: { ...storm, durationMs: 6_000, crashes: 0 } };
    const { ok } = await chaos(options, (line) => lines.push(line));
    console.info(lines.join('\n'));
    expect(ok).toBe(true);
  }, 120_000);
});
