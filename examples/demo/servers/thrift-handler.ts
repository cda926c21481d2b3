import thrift, { type Int64 } from 'thrift';
import { Entry } from '../../gen/account_types.js';
import type { Accounts } from './accounts.js';

/** A handler of idl/account.thrift, in promise style. */
export interface ThriftHandler {
  create(owner: string, balance: Int64): Promise<Int64>;
  balance(id: Int64): Promise<Int64>;
  transfer(from: Int64, to: Int64, amount: Int64, transferId: string): Promise<void>;
  history(id: Int64): Promise<Entry[]>;
  touch(id: Int64): Promise<void>;
}

/** Speaks Thrift for accounts, bare or fresh. */
export function thriftHandler(accounts: Accounts): ThriftHandler {
  return {
    create: async (owner, balance) => i64(await accounts.create(owner, Number(balance))),
    balance: async (id) => i64(await accounts.balance(Number(id))),
    transfer: (from, to, amount, transferId) =>
      accounts.transfer({ from: Number(from), to: Number(to), amount: Number(amount), transferId }),
    history: async (id) => {
      const movements = await accounts.history(Number(id));
      return movements.map(
        ({ transferId, counterpart, amount }) =>
          new Entry({ transferId, counterpart: i64(counterpart), amount: i64(amount), createdAt: i64(0) }),
      );
    },
    // The demo calls no oneway methods: nobody would hear whether they failed.
    touch: async () => undefined,
  };
}

function i64(value: number): Int64 {
  return new thrift.Int64(value);
}
