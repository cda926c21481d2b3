export { runTransaction } from './run-transaction.js';
export { currentTransaction } from './scope.js';
export type { Doom, Transaction, TransactionHost } from './transaction.js';
