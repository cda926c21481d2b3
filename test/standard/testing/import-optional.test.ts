import { expect, test } from 'vitest';
import { importOptional } from '../../../src/testing/import-optional.js';

test('a missing package is named with the command that installs it', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  const imported = importOptional('sql.js', () => Promise.reject(missing));
  await expect(imported).rejects.toMatchObject({
    message: expect.stringContaining('npm i -D sql.js'),
    cause: missing,
  });
});

test('a package that fails while it is loaded is not called missing', async () => {
  const broken = new Error('out of memory');
  await expect(importOptional('sql.js', () => Promise.reject(broken))).rejects.toBe(broken);
});
