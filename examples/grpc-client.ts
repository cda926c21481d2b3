// A session with the account service over gRPC: npm run example:grpc-client
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type Account, AccountService, type Entry, type TransferRequest } from './accounts/account-proto.js';

const { HOST = '127.0.0.1', PORT = '50051' } = process.env;

const client = new AccountService(`${HOST}:${PORT}`, credentials.createInsecure());

const alice = await call<Account>('createAccount', { owner: 'Alice', initialBalance: 100_00 });
const bob = await call<Account>('createAccount', { owner: 'Bob', initialBalance: 0 });
console.log(`opened account ${alice.id} for Alice and ${bob.id} for Bob`);

const transfer: TransferRequest = { from: alice.id, to: bob.id, amount: 30_00, transferId: randomUUID() };
await call('transfer', transfer);
console.log('moved 30.00 from Alice to Bob');
await call('transfer', transfer);
console.log('sent the same transfer again: it moves nothing');

try {
  await call('transfer', { ...transfer, amount: 500_00, transferId: randomUUID() });
} catch (error) {
  const { code, details } = error as ServiceError;
  if (code !== status.FAILED_PRECONDITION) throw error;
  console.log(`refused: ${status[code]}, ${details}`);
}

const balances = await Promise.all([alice, bob].map(({ id }) => call<Account>('getBalance', { id })));
for (const { owner, balance } of balances) console.log(`${owner} has ${money(balance)}`);
const { entries } = await call<{ entries: Entry[] }>('history', { id: bob.id });
for (const { amount, counterpart, createdAt } of entries) {
  console.log(`Bob: ${money(amount)} from account ${counterpart} at ${new Date(createdAt).toISOString()}`);
}
client.close();

/** grpc-js calls back; every call needs a deadline. */
function call<T>(method: string, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 10_000;
    client[method]?.(request, { deadline }, (error: ServiceError | null, response: T) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

function money(cents: number): string {
  return (cents / 100).toFixed(2);
}
