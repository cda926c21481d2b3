import type { Movement, Transfer } from './transfer.js';

/** The service behind both protocols, bare or fresh. Amounts are in cents. */
export interface Accounts {
  create(owner: string, balance: number): Promise<number>;
  balance(id: number): Promise<number>;
  transfer(transfer: Transfer): Promise<void>;
  history(id: number): Promise<readonly Movement[]>;
}
