// A client that waits out an outage by itself: npm run example:grpc-retrying-client
// gRPC's own retries, switched on by the service config. The server says how long to wait, and never invites
// a client to repeat what may have had an effect: no code is needed on this side.
import process from 'node:process';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type Account, AccountService } from './accounts/account-proto.js';

const { HOST = '127.0.0.1', PORT = '50051', CALLS = '20' } = process.env;

const serviceConfig = {
  loadBalancingConfig: [],
  methodConfig: [
    {
      name: [{ service: 'fresh.account.v1.AccountService' }],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.1s',
        maxBackoff: '2s',
        backoffMultiplier: 3,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};
const client = new AccountService(`${HOST}:${PORT}`, credentials.createInsecure(), {
  'grpc.service_config': JSON.stringify(serviceConfig),
});

const { id } = await call<Account>('createAccount', { owner: 'Carol', initialBalance: 5_00 });
let failed = 0;
for (let index = 0; index < Number(CALLS); index += 1) {
  try {
    await call<Account>('getBalance', { id });
  } catch (error) {
    failed += 1;
    console.log(`failed: ${status[(error as ServiceError).code]}`);
  }
  if (index === 0) console.log('the first call is answered');
}
console.log(`${CALLS} calls, ${failed} failed`);
client.close();

function call<T>(method: string, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 20_000;
    client[method]?.(request, { deadline }, (error: ServiceError | null, response: T) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}
