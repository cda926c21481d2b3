import type { Transfer } from '../servers/transfer.js';

/** A client of the account service, whatever the protocol. A call that takes too long is given up. */
export interface Caller {
  /** Opens an account and resolves to its id. */
  create(owner: string, balance: number): Promise<number>;
  balance(id: number): Promise<unknown>;
  history(id: number): Promise<unknown>;
  transfer(transfer: Transfer): Promise<unknown>;
  /** Whether the server said by this error that it does not know whether the call took effect. */
  saysUnknown(error: unknown): boolean;
  close(): void;
}
