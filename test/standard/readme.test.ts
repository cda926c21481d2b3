import { readFileSync } from 'node:fs';
import { Reason, Status } from 'fresh-connections';
import { expect, test } from 'vitest';
import { resolveCallOptions } from '../../src/core/call/options.js';
import { FRESHNESS_OPTIONS, resolvePoolOptions } from '../../src/core/pool/options.js';
import { classify, DIALING } from '../../src/resources/mysql2/classify.js';
import { resolveOptions } from '../../src/resources/mysql2/options.js';
import { resolveAttachOptions } from '../../src/rpc/thrift/attach-options.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The cells of the table rows that begin with a name in backticks. */
const rows = [...readme.matchAll(/^\| `(\w+)` \|(.*)\|(.*)\|$/gm)].map(([, name = '', , last = '']) => ({
  name,
  value: last.trim().replaceAll('`', ''),
}));
const documented = (name: string) => rows.find((row) => row.name === name)?.value;

test.each([...FRESHNESS_OPTIONS])('the README says the default of %s', (name) => {
  const defaults = resolvePoolOptions('test', { name: 'test' });
  expect(documented(name)).toBe(String(defaults[name as 'minIdle']));
});

test('the README says the defaults of the options of mysql2’s resource and of a call', () => {
  const { repeatReads, silenceMs, pool } = resolveOptions('mysql://localhost/');
  expect(documented('repeatReads')).toBe(String(repeatReads));
  expect(documented('silenceMs')).toBe(String(silenceMs));
  expect(documented('name')).toBe(`'${pool.name}'`);
  const { idempotent, maxAttempts } = resolveCallOptions('test', {});
  expect(documented('idempotent')).toBe(String(idempotent));
  expect(documented('maxAttempts')).toBe(String(maxAttempts));
});

test.each(Object.entries(resolveAttachOptions('test', {})))(
  'the README says the default of the limit %s',
  (name, value) => {
    const values = rows.filter((row) => row.name === name).map((row) => row.value);
    expect(values).toContain(String(value));
  },
);

test('every status and reason that the README tells of exists', () => {
  const section = readme.split('## What a client is told')[1]?.split('\n## ')[0] ?? '';
  for (const [, words = ''] of section.matchAll(/^\|[^|]+\| ([A-Z_, ]+) \|/gm)) {
    for (const status of words.split(', ')) expect(Object.keys(Status)).toContain(status);
  }
  for (const [, reason = ''] of section.matchAll(/`([A-Z_]{5,})`/g))
    expect(Object.keys(Reason)).toContain(reason);
});

test('the read-only errors that the README names are the ones that count', () => {
  for (const errno of [1290, 1792, 1836]) {
    expect(readme).toContain(String(errno));
    expect(classify({ errno }, DIALING)).toMatchObject({ status: 'UNAVAILABLE', reason: 'READ_ONLY' });
  }
});
