import { connections, Registry } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';
import { FakeResource } from '../support/fake-resource.js';

describe('a registry', () => {
  it('knows its resources by name, in the order in which they joined', () => {
    const registry = new Registry();
    const [a, b] = [new FakeResource('a'), new FakeResource('b')];
    registry.add(a);
    registry.add(b);
    expect(registry.get('a')).toBe(a);
    expect(registry.get('c')).toBeUndefined();
    expect(registry.size).toBe(2);
    expect([...registry]).toEqual([a, b]);
  });

  it('refuses a name that is in use, names it, and keeps the first', () => {
    const registry = new Registry();
    const first = new FakeResource('orders');
    registry.add(first);
    const again = (): void => registry.add(new FakeResource('orders'));
    expect(again).toThrow(RangeError);
    expect(again).toThrow(/"orders".*fresh: \{ name \}/);
    expect(registry.get('orders')).toBe(first);
  });

  it('gives a name free when its resource leaves', () => {
    const registry = new Registry();
    const [first, second] = [new FakeResource('orders'), new FakeResource('orders')];
    registry.add(first);
    registry.delete(first);
    expect(registry.size).toBe(0);
    registry.add(second);
    registry.delete(first);
    expect(registry.get('orders')).toBe(second);
  });

  it('drains all resources at once, with one grace of ten seconds unless told otherwise', async () => {
    const registry = new Registry();
    const [a, b] = [new FakeResource('a'), new FakeResource('b')];
    registry.add(a);
    registry.add(b);
    let release: () => void = () => undefined;
    vi.spyOn(a, 'drain').mockImplementationOnce(() => new Promise((resolve) => (release = resolve)));
    const drained = registry.drain();
    expect(b.asked).toEqual(['drain 10000']);
    release();
    await drained;
    await registry.drain(50);
    expect(b.asked).toEqual(['drain 10000', 'drain 50']);
  });

  it('adds up what was dropped', () => {
    const registry = new Registry();
    expect(registry.closeOldConnections()).toBe(0);
    registry.add(new FakeResource('a'));
    registry.add(new FakeResource('b'));
    expect(registry.closeOldConnections()).toBe(4);
  });

  it('is one in the process, whichever copy of the module asks', async () => {
    vi.resetModules();
    const copy = await import('../../../../src/core/registry/registry.js');
    expect(copy.Registry).not.toBe(Registry);
    expect(copy.connections).toBe(connections);
  });
});
