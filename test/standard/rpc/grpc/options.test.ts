import { freshConnections, handlers } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { echo } from './support/echo-server.js';

const instance = {
  write: async () => undefined,
  read: async () => undefined,
  collect() {},
  spread() {},
  chat() {},
};

/** Options as JavaScript may pass them, and what the error names. */
const bad: [options: unknown, error: typeof TypeError | typeof RangeError, named: RegExp][] = [
  [null, TypeError, /options must be an object, got null/],
  [{ idempotant: true }, TypeError, /"idempotant"/],
  [{ idempotent: 'yes' }, TypeError, /idempotent must be a boolean, got "yes"/],
  [{ maxAttempts: 0 }, RangeError, /maxAttempts .*got 0/],
  [{ timeoutMs: -1 }, RangeError, /timeoutMs .*got -1/],
  [{ methods: 'Read' }, TypeError, /methods must be a object, got "Read"|methods must be an object/],
  [{ methods: { 'Echo.Read': {} } }, TypeError, /methods: "Echo.Read"/],
  [{ methods: { Read: { idempotant: true } } }, TypeError, /methods\["Read"\].*"idempotant"/],
  [{ methods: { Read: { maxAttempts: 1.5 } } }, RangeError, /methods\["Read"\]: maxAttempts .*got 1.5/],
];

describe('options', () => {
  it.each(bad)('freshConnections refuses %j', (options, error, named) => {
    expect(() => freshConnections(options as object)).toThrow(error);
    expect(() => freshConnections(options as object)).toThrow(named);
    expect(() => freshConnections(options as object)).toThrow(/^freshConnections: /);
  });

  it.each(bad)('handlers refuses %j', (options, error, named) => {
    expect(() => handlers(echo, instance, options as object)).toThrow(error);
    expect(() => handlers(echo, instance, options as object)).toThrow(named);
  });

  it('freshConnections refuses services that are none', () => {
    expect(() => freshConnections({ services: echo as never })).toThrow(
      /services must be an array, got an object/,
    );
    expect(() => freshConnections({ services: [{}] })).toThrow(/services\[0\] must be a service definition/);
    const Client = Object.assign(class {}, { service: echo });
    expect(() => freshConnections({ services: [Client as never] })).toThrow(/pass its \.service/);
  });

  it('freshConnections refuses a path that a known service does not have', () => {
    const methods = { '/fresh.test.Echo/Reed': { idempotent: true } };
    expect(() => freshConnections({ services: [echo], methods })).toThrow(
      /no method "\/fresh.test.Echo\/Reed"/,
    );
    expect(() => freshConnections({ methods })).not.toThrow();
  });
});
