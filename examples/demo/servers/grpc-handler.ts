import type { Accounts } from './accounts.js';
import type { Movement, Transfer } from './transfer.js';

/** The methods of idl/account.proto as async functions. */
export interface GrpcHandler {
  createAccount(request: {
    readonly owner: string;
    readonly initialBalance: number;
  }): Promise<{ id: number }>;
  getBalance(request: { readonly id: number }): Promise<{ id: number; balance: number }>;
  transfer(request: Transfer): Promise<object>;
  history(request: { readonly id: number }): Promise<{ entries: readonly Movement[] }>;
}

/** Speaks gRPC for accounts, bare or fresh. */
export function grpcHandler(accounts: Accounts): GrpcHandler {
  return {
    createAccount: async ({ owner, initialBalance }) => ({
      id: await accounts.create(owner, initialBalance),
    }),
    getBalance: async ({ id }) => ({ id, balance: await accounts.balance(id) }),
    transfer: async (request) => {
      await accounts.transfer(request);
      return {};
    },
    history: async ({ id }) => ({ entries: await accounts.history(id) }),
  };
}
