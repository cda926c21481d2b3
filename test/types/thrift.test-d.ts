import {
  type ClientMethods,
  freshProcessor,
  freshThriftClient,
  type HandlerOf,
  type MethodOf,
} from 'fresh-connections/thrift';
import thrift, { type Int64 } from 'thrift';
import { describe, expectTypeOf, it } from 'vitest';
import AccountService from '../../examples/gen/AccountService.js';
import type { Entry } from '../../examples/gen/account_types.js';
import plainQuirks from '../standard/rpc/thrift/gen/plain/Quirks.js';
import type Quirks from '../standard/rpc/thrift/gen/Quirks.js';

type Accounts = HandlerOf<typeof AccountService>;

/** Never run: the compiler is the test, `tsc -p .`. */
describe('types of Thrift handlers', () => {
  const handler = {
    create: async (_owner: string, _initialBalance: Int64) => 7,
    balance: (_id: Int64, done: (error: Error | null, balance?: Int64) => void) => done(null),
    transfer: async () => undefined,
    history: async (_id: Int64): Promise<Entry[]> => [],
    touch: () => undefined,
  };

  it('are those of the generated client, in every style', () => {
    expectTypeOf<MethodOf<typeof AccountService>>().toEqualTypeOf<
      'create' | 'balance' | 'transfer' | 'history' | 'touch'
    >();
    expectTypeOf(handler).toExtend<Accounts>();
    expectTypeOf<Parameters<Accounts['create']>[0]>().toEqualTypeOf<string>();
    expectTypeOf<ReturnType<Accounts['history']>>().toEqualTypeOf<
      readonly Entry[] | PromiseLike<readonly Entry[]> | void
    >();
    // A literal knows the types of its parameters.
    freshProcessor(AccountService, {
      ...handler,
      create: (owner, initialBalance) => {
        expectTypeOf(owner).toEqualTypeOf<string>();
        expectTypeOf(initialBalance).toEqualTypeOf<Int64>();
        return initialBalance;
      },
    });
  });

  it('have the methods that are inherited, and those of declarations that name Q', () => {
    expectTypeOf<Parameters<HandlerOf<typeof Quirks>['inherited']>[0]>().toEqualTypeOf<string>();
    expectTypeOf<Parameters<HandlerOf<typeof plainQuirks>['three']>[1]>().toEqualTypeOf<string>();
    expectTypeOf<ReturnType<HandlerOf<typeof plainQuirks>['three']>>().toEqualTypeOf<
      string | PromiseLike<string> | void
    >();
  });

  it('refuse a missing or misspelt method, and wrong parameters and results', () => {
    const { touch, ...incomplete } = handler;
    // @ts-expect-error touch is missing
    freshProcessor(AccountService, incomplete);
    // @ts-expect-error it is called touch
    freshProcessor(AccountService, { ...incomplete, tuch: touch });
    // @ts-expect-error the owner is a string
    freshProcessor(AccountService, { ...handler, create: async (_owner: number) => 7 });
    // @ts-expect-error a balance is no string
    freshProcessor(AccountService, { ...handler, balance: async () => 'much' });
    // @ts-expect-error the callback takes a balance
    freshProcessor(AccountService, { ...handler, balance: (_id, done) => done(null, 'much') });
    // @ts-expect-error no such method
    freshProcessor(AccountService, handler, { methods: { tuch: {} } });
  });

  it('of a class Processor alone know the names', () => {
    freshProcessor(AccountService.Processor, { ...handler, create: async (_owner: number) => 7 });
    const { touch: _touch, ...incomplete } = handler;
    // @ts-expect-error touch is missing
    freshProcessor(AccountService.Processor, incomplete);
  });
});

describe('types of a Thrift client', () => {
  it('are those of the generated one, all of them with promises', () => {
    const { client } = freshThriftClient(
      () => thrift.createConnection('127.0.0.1', 9090, {}),
      AccountService,
      {
        methods: { balance: { idempotent: true } },
      },
    );
    expectTypeOf(client).toEqualTypeOf<ClientMethods<typeof AccountService>>();
    expectTypeOf(client.history).toEqualTypeOf<(id: Int64) => Promise<Entry[]>>();
    expectTypeOf(client.transfer).returns.toEqualTypeOf<Promise<void>>();
    // @ts-expect-error no such method
    freshThriftClient(() => thrift.createConnection('', 1, {}), AccountService, { methods: { tuch: {} } });
    // @ts-expect-error no connection
    freshThriftClient(() => undefined, AccountService);
    // @ts-expect-error no service
    freshThriftClient(() => thrift.createConnection('', 1, {}), {});
    const plain = freshThriftClient(() => thrift.createConnection('', 1, {}), plainQuirks);
    expectTypeOf(plain.client.three).toEqualTypeOf<(a: string, b: string, c: string) => Promise<string>>();
  });
});
