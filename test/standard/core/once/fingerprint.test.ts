import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, jsonCodec } from '../../../../src/core/once/index.js';

describe('the fingerprint of arguments', () => {
  const same: readonly (readonly [string, unknown, unknown])[] = [
    ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['keys without a value', { a: 1, b: undefined }, { a: 1 }],
    ['functions', { a: 1, b: () => 1 }, { a: 1 }],
    ['call objects', [1, new EventEmitter()], [1, new EventEmitter()]],
    [
      'a map and its entries in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
  ];
  it.each(same)('does not count %s', (_, one, other) => {
    expect(fingerprint(one)).toBe(fingerprint(other));
  });

  const different: readonly (readonly [string, unknown, unknown])[] = [
    ['values', { a: 1 }, { a: 2 }],
    ['types', { a: 1 }, { a: '1' }],
    ['the order of a list', [1, 2], [2, 1]],
    ['large integers', 2n ** 60n, 2n ** 60n + 1n],
    ['bytes', Buffer.from('a'), Buffer.from('b')],
    ['dates', new Date(1), new Date(2)],
    ['a bigint and what stands for it', 1n, { bigint: '1' }],
    ['null and nothing', [null], []],
  ];
  it.each(different)('tells %s apart', (_, one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  it('ends on what refers to itself', () => {
    const one: { self?: unknown } = {};
    one.self = one;
    expect(fingerprint(one)).toHaveLength(64);
  });

  it('is the same for equal values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(fingerprint(structuredClone(value))).toBe(fingerprint(value));
      }),
    );
  });
});

describe('the default codec', () => {
  it('gives back what JSON can hold, and undefined', () => {
    for (const value of [undefined, null, 0, '', 'ü', { a: [1, { b: null }] }]) {
      expect(jsonCodec.decode(jsonCodec.encode(value))).toEqual(value);
    }
  });
});
