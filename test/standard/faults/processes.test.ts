import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeWithMariadb } from '../../support/mariadb.js';

/** Runs a program against the built package, as a user's program runs; answers with its last line. */
async function run(program: string, ...args: string[]): Promise<unknown> {
  const path = `test/support/programs/${program}.mjs`;
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { timeout: 25_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describeWithMariadb('processes and threads', (fixture) => {
  test('a program that ends exits by itself, its pools left open', async () => {
    expect(await run('ends-by-itself', fixture.db.server.uri)).toMatchObject({ lent: 0 });
  });

  test('each worker thread has connections of its own; one that is terminated disturbs no other', async () => {
    const result = await run('siblings', fixture.db.server.uri, 'threads', '3');
    expect(result).toEqual({ shared: 0, wentOn: 2 });
  });

  test('each process of a cluster has connections of its own; one that is killed disturbs no other', async () => {
    const result = await run('siblings', fixture.db.server.uri, 'cluster', '4');
    expect(result).toEqual({ shared: 0, wentOn: 3 });
  });
});
