// A session with the account service over Thrift: npm run example:thrift-client
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { freshThriftClient } from 'fresh-connections/thrift';
import thrift, { Int64 } from 'thrift';
import AccountService from './gen/AccountService.js';
import { InsufficientFunds } from './gen/account_types.js';

const { HOST = '127.0.0.1', PORT = '9090' } = process.env;

// Calls settle whatever happens to the connection. A transfer has an id, so that it may be sent again.
const { client: accounts, close } = freshThriftClient(
  () => thrift.createConnection(HOST, Number(PORT), {}),
  AccountService,
  {
    timeoutMs: 5_000,
    methods: { balance: { idempotent: true }, history: { idempotent: true }, transfer: { idempotent: true } },
  },
);

const alice = await accounts.create('Alice', new Int64(100_00));
const bob = await accounts.create('Bob', new Int64(0));
console.log(`opened account ${alice} for Alice and ${bob} for Bob`);

const transferId = randomUUID();
await accounts.transfer(alice, bob, new Int64(30_00), transferId);
console.log('moved 30.00 from Alice to Bob');
await accounts.transfer(alice, bob, new Int64(30_00), transferId);
console.log('sent the same transfer again: it moves nothing');

try {
  await accounts.transfer(alice, bob, new Int64(500_00), randomUUID());
} catch (error) {
  if (!(error instanceof InsufficientFunds)) throw error;
  console.log(`refused: Alice has ${money(error.balance)}, and ${money(error.needed)} are needed`);
}

await accounts.touch(alice);
console.log(`Alice has ${money(await accounts.balance(alice))}, Bob ${money(await accounts.balance(bob))}`);
for (const { amount, counterpart, createdAt } of await accounts.history(bob)) {
  console.log(
    `Bob: ${money(amount)} from account ${counterpart} at ${new Date(Number(createdAt)).toISOString()}`,
  );
}
close();

function money(cents: Int64): string {
  return (Number(cents) / 100).toFixed(2);
}
