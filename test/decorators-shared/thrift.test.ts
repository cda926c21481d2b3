import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { currentCall, ServiceException, withFreshConnections } from 'fresh-connections';
import { attach, freshProcessor, freshThriftClient, thriftException } from 'fresh-connections/thrift';
import thrift, { Int64 } from 'thrift';
import { describe, expect, it, onTestFinished } from 'vitest';
import AccountService from '../../examples/gen/AccountService.js';
import { Entry, InsufficientFunds } from '../../examples/gen/account_types.js';
import { ServiceException as DeclaredException } from '../../examples/gen/service_exception_types.js';
import { recordFailure } from '../../src/errors/index.js';
import { collectLog } from '../standard/core/support/collect-log.js';
import { LOST, rawDriverError } from '../standard/core/support/driver-error.js';

collectLog();

/** A handler in every style that there is, decorated. */
class AccountHandler {
  runs = 0;
  readonly touched: Int64[] = [];
  readonly seen: (string | undefined)[] = [];

  @withFreshConnections()
  async create(owner: string, initialBalance: Int64): Promise<Int64> {
    this.seen.push(currentCall()?.root.method);
    if (owner === '') throw new ServiceException('INVALID_ARGUMENT', 'an owner has a name');
    return initialBalance;
  }

  @withFreshConnections({ idempotent: true })
  balance(_id: Int64, callback: (error: unknown, balance?: Int64) => void): void {
    this.runs += 1;
    const attempt = this.runs;
    setImmediate(() => {
      if (attempt < 3) callback(recordFailure(rawDriverError(), LOST));
      else callback(null, new Int64(attempt));
    });
  }

  @withFreshConnections()
  async transfer(_from: Int64, _to: Int64, amount: Int64): Promise<void> {
    throw new InsufficientFunds({ balance: new Int64(1), needed: amount });
  }

  @withFreshConnections({ as: thriftException(DeclaredException) })
  async history(): Promise<Entry[]> {
    throw recordFailure(rawDriverError(), LOST);
  }

  @withFreshConnections()
  async touch(id: Int64): Promise<void> {
    this.touched.push(id);
  }
}

@withFreshConnections({ maxAttempts: 2 })
class WholeClass {
  async create(): Promise<number> {
    return 7;
  }
  balance(_id: Int64, callback: (error: unknown, balance?: number) => void): void {
    callback(null, 8);
  }
  async transfer(): Promise<void> {}
  async history(_id: Int64): Promise<Entry[]> {
    return [
      new Entry({
        transferId: 'a',
        amount: new Int64(1),
        counterpart: new Int64(2),
        createdAt: new Int64(3),
      }),
    ];
  }
  async touch(): Promise<void> {}
}

async function serve(handler: AccountHandler | WholeClass) {
  const as = thriftException(DeclaredException);
  const server = thrift.createServer(freshProcessor(AccountService, handler, { as }), undefined, {});
  const attached = attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { client, close } = freshThriftClient(
    () => thrift.createConnection('127.0.0.1', port, {}),
    AccountService,
    { maxAttempts: 1 },
  );
  onTestFinished(async () => {
    close();
    await attached.drain(0);
  });
  return client;
}

describe('a decorated Thrift handler', () => {
  it('answers in promise style and in callback style, inside the call of its processor', async () => {
    const handler = new AccountHandler();
    const client = await serve(handler);
    expect(Number(await client.create('Ann', new Int64(5)))).toBe(5);
    expect(handler.seen).toEqual(['AccountService.create']);
    expect(Number(await client.balance(new Int64(1)))).toBe(3);
    expect(handler.runs).toBe(3);
    await client.touch(new Int64(9));
    await client.create('Ann', new Int64(5));
    expect(handler.touched.map(Number)).toEqual([9]);
  });

  it('throws declared exceptions as they are, and failures as the one that is declared for them', async () => {
    const client = await serve(new AccountHandler());
    await expect(client.create('', new Int64(5))).rejects.toMatchObject({
      name: 'ServiceException',
      status: 'INVALID_ARGUMENT',
      message: 'an owner has a name',
    });
    const transfer = client.transfer(new Int64(1), new Int64(2), new Int64(3), 'a');
    await expect(transfer).rejects.toBeInstanceOf(InsufficientFunds);
    await expect(client.history(new Int64(1))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: 'a connection was lost',
    });
  });

  it('may be decorated as a class', async () => {
    const client = await serve(new WholeClass());
    expect(Number(await client.create('Ann', new Int64(5)))).toBe(7);
    expect(Number(await client.balance(new Int64(5)))).toBe(8);
    await client.transfer(new Int64(1), new Int64(2), new Int64(3), 'a');
    expect((await client.history(new Int64(1)))[0]?.transferId).toBe('a');
  });
});
