import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** What proto-loader makes of idl/account.proto; it gives no types. */
interface AccountPackage {
  readonly fresh: {
    readonly account: { readonly v1: { readonly AccountService: ServiceClientConstructor } };
  };
}

const file = fileURLToPath(new URL('../../idl/account.proto', import.meta.url));
const loaded = loadPackageDefinition(loadSync(file, { longs: Number, defaults: true }));

/** The client of idl/account.proto; its `service` is the definition that servers take. */
export const AccountService: ServiceClientConstructor = (loaded as unknown as AccountPackage).fresh.account.v1
  .AccountService;

export interface Account {
  readonly id: number;
  readonly owner: string;
  /** In cents. */
  readonly balance: number;
}

export interface TransferRequest {
  readonly from: number;
  readonly to: number;
  /** In cents. */
  readonly amount: number;
  /** Made up by the client. */
  readonly transferId: string;
}

export interface Entry {
  readonly transferId: string;
  readonly counterpart: number;
  readonly amount: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
