import { Int64 } from 'thrift';

const BALANCE = new Int64(10_000);

/** The account service doing nothing: what is measured is all around it. */
export const emptyHandler = {
  create: async (_owner: string, _initialBalance: Int64): Promise<Int64> => BALANCE,
  balance: async (_id: Int64): Promise<Int64> => BALANCE,
  transfer: async (_from: Int64, _to: Int64, _amount: Int64, _id: string): Promise<void> => undefined,
  history: async (_id: Int64): Promise<never[]> => [],
  touch: async (_id: Int64): Promise<void> => undefined,
};
