import { readFileSync } from 'node:fs';
import { Reason, type RunCallOptions, runCall } from 'fresh-connections';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../../src/core/call/messages.js';
import { resolveCallOptions } from '../../../src/core/call/options.js';
import { resolvePoolOptions } from '../../../src/core/pool/options.js';

/** The options of interfaces in a source file, with the sentence that names their default. */
function documentedDefaults(path: string): Map<string, string> {
  const source = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const option = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\?:/g;
  const found = new Map<string, string>();
  for (const [, comment = '', name = ''] of source.matchAll(option)) {
    const text = comment.replace(/\s*\*\s*/g, ' ');
    const stated = /Default:? (.*?)\.(?:\s|$)/.exec(text)?.[1];
    if (stated === undefined) throw new Error(`${path}: ${name} has no default in its comment`);
    found.set(name, stated);
  }
  return found;
}

const UNITS = { ms: 1, s: 1000, min: 60_000 } as const;

/** What a stated default means: a literal in backticks, a number with or without a unit, or words. */
function meaning(stated: string): unknown {
  const literal = /^`(.*)`$/.exec(stated)?.[1];
  if (literal !== undefined) return JSON.parse(literal.replaceAll("'", '"'));
  const [, number, unit = 'ms'] = /^([\d.]+)(?: (ms|s|min))?$/.exec(stated) ?? [];
  return number === undefined ? stated : Number(number) * UNITS[unit as keyof typeof UNITS];
}

describe('the documented defaults', () => {
  it('of a pool are those it has', () => {
    const resolved = resolvePoolOptions('test', { name: 'test' });
    const documented = documentedDefaults('src/core/pool/options.ts');
    const words: Readonly<Record<string, unknown>> = { all: resolved.maxConnections };
    for (const [name, stated] of documented) {
      const meant = meaning(stated);
      const expected = typeof meant === 'string' ? words[meant] : meant;
      expect({ [name]: resolved[name as keyof typeof resolved] }).toEqual({ [name]: expected });
    }
    expect([...documented.keys(), 'name'].sort()).toEqual(Object.keys(resolved).sort());
  });

  it('of a call are those it has', async () => {
    const given = await runCall({}, ({ method }) => method);
    const resolved = { ...resolveCallOptions('test', {}), method: given };
    const documented = documentedDefaults('src/core/call/options.ts');
    const words: Readonly<Record<string, unknown>> = { none: undefined, 'thrown as it is': undefined };
    // Who opens the call is given these; the registry decides which resource is meant.
    const elsewhere = ['signal', 'idempotencyKey', 'args', 'resource'];
    for (const [name, stated] of documented) {
      if (elsewhere.includes(name)) continue;
      const meant = meaning(stated);
      if (typeof meant === 'string' && !stated.startsWith('`')) expect(Object.keys(words)).toContain(meant);
      const expected = stated.startsWith('`') || typeof meant !== 'string' ? meant : words[meant];
      expect({ [name]: resolved[name as keyof typeof resolved] }).toEqual({ [name]: expected });
    }
    expect(documented.size - elsewhere.length).toBe(Object.keys(resolved).length);
  });

  it('are parsed, not passed over', () => {
    const pool = documentedDefaults('src/core/pool/options.ts');
    expect(meaning(pool.get('maxLifetimeMs') ?? '')).toBe(1_800_000);
    expect(meaning(pool.get('waitForConnections') ?? '')).toBe(true);
    const call = documentedDefaults('src/core/call/options.ts');
    expect(meaning(call.get('maxAttempts') ?? '')).toBe(3);
    expect(meaning(call.get('method') ?? '')).toBe('call' satisfies RunCallOptions['method']);
  });
});

describe('the reasons', () => {
  it('each have a message, and no message is without a reason', () => {
    expect(Object.keys(MESSAGES).sort()).toEqual(Object.values(Reason).sort());
    for (const message of Object.values(MESSAGES)) expect(message).not.toBe('');
  });

  it('are named as they are spelled', () => {
    for (const [name, reason] of Object.entries(Reason)) expect(reason).toBe(name);
  });
});
