import { describe, expect, it } from 'vitest';
import { load } from './support/echo-server.js';

describe('idl/account.proto', () => {
  it('declares the methods idempotent that only read', () => {
    const service = load(
      new URL('../../../../idl/account.proto', import.meta.url),
      'fresh.account.v1.AccountService',
    );
    const levels = Object.entries(service).map(([name, method]) => {
      const { options } = method as { options?: { idempotency_level?: string } };
      return [name, options?.idempotency_level];
    });
    expect(Object.fromEntries(levels)).toEqual({
      CreateAccount: 'IDEMPOTENCY_UNKNOWN',
      GetBalance: 'NO_SIDE_EFFECTS',
      Transfer: 'IDEMPOTENCY_UNKNOWN',
      History: 'NO_SIDE_EFFECTS',
    });
  });
});
