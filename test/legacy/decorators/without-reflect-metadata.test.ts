import { currentCall, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

@withFreshConnections({ maxAttempts: 5 })
class Account {
  @withFreshConnections({ idempotent: true })
  async balance(_id: number): Promise<string | undefined> {
    return currentCall()?.method;
  }
}

describe('the legacy dialect without reflect-metadata', () => {
  it('needs none', async () => {
    expect('defineMetadata' in Reflect).toBe(false);
    expect(await new Account().balance(7)).toBe('Account.balance');
  });
});
