import 'reflect-metadata';
import { skipFreshConnections, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

const OPTIONS = 'fresh-connections:options';

/** As NestJS marks a handler: on the function itself. */
function marked(value: string) {
  return (_target: object, _key: string, descriptor: PropertyDescriptor): void => {
    Reflect.defineMetadata('framework:pattern', value, descriptor.value);
  };
}

/** As other frameworks mark a handler: on the class and the key. */
function noted(value: string) {
  return (target: object, key: string): void => Reflect.defineMetadata('framework:note', value, target, key);
}

class Id {}

@withFreshConnections({ maxAttempts: 5 })
class Account {
  @withFreshConnections({ idempotent: true })
  @marked('below')
  @noted('below')
  async below(_id: Id, _amount: number): Promise<string> {
    return '';
  }

  @marked('above')
  @noted('above')
  @withFreshConnections({ timeoutMs: 50 })
  async above(_id: Id): Promise<void> {}

  @marked('class')
  async ofClass(_id: Id): Promise<void> {}

  @withFreshConnections({ idempotent: true, maxAttempts: 2 })
  @withFreshConnections({ idempotent: false })
  async twice(): Promise<void> {}

  @withFreshConnections
  async bare(): Promise<void> {}

  @skipFreshConnections
  @marked('skipped')
  async skipped(_id: Id): Promise<void> {}
}

describe('metadata in the legacy dialect', () => {
  it('holds the options under the class and the key', () => {
    expect(Reflect.getMetadata(OPTIONS, Account.prototype, 'below')).toEqual({ idempotent: true });
    expect(Reflect.getMetadata(OPTIONS, Account.prototype, 'above')).toEqual({ timeoutMs: 50 });
    expect(Reflect.getMetadata(OPTIONS, Account.prototype, 'bare')).toEqual({});
    expect(Reflect.getMetadata(OPTIONS, Account)).toEqual({ maxAttempts: 5 });
  });

  it('holds the merged options of a method that was wrapped twice', () => {
    expect(Reflect.getMetadata(OPTIONS, Account.prototype, 'twice')).toEqual({
      idempotent: false,
      maxAttempts: 2,
    });
  });

  it('of the compiler stays: the types of parameters and result', () => {
    expect(Reflect.getMetadata('design:paramtypes', Account.prototype, 'below')).toEqual([Id, Number]);
    expect(Reflect.getMetadata('design:returntype', Account.prototype, 'below')).toBe(Promise);
    expect(Reflect.getMetadata('design:type', Account.prototype, 'below')).toBe(Function);
  });

  it.each([
    ['below', Account.prototype.below],
    ['above', Account.prototype.above],
    ['class', Account.prototype.ofClass],
    ['skipped', Account.prototype.skipped],
  ])('that a framework put on the method is on the wrapper (%s)', (value, method) => {
    expect(Reflect.getMetadata('framework:pattern', method)).toBe(value);
  });

  it.each(['below', 'above'])('that a framework put on the class and the key is not touched (%s)', (key) => {
    expect(Reflect.getMetadata('framework:note', Account.prototype, key)).toBe(key);
  });
});
