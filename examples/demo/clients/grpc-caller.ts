import { type Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { failureDetails } from 'fresh-connections/grpc';
import { AccountService } from '../../accounts/account-proto.js';
import { DEADLINE_MS } from '../scale.js';
import type { Caller } from './caller.js';

type Method = (
  request: object,
  options: { deadline: number },
  callback: (error: ServiceError | null, response: never) => void,
) => void;

/** A client with a connection of its own. */
export function grpcCaller(port: number): Caller {
  const client: Client = new AccountService(`127.0.0.1:${port}`, credentials.createInsecure(), {
    // Clients of the same address share their connections otherwise.
    'grpc.use_local_subchannel_pool': 1,
    // A server that was restarted is found soon.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
  });
  const call = <A>(method: string, request: object): Promise<A> =>
    new Promise((resolve, reject) => {
      const unary = (client as unknown as Record<string, Method>)[method];
      unary?.call(client, request, { deadline: Date.now() + DEADLINE_MS }, (error, response: A) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  return {
    create: async (owner, initialBalance) =>
      (await call<{ id: number }>('createAccount', { owner, initialBalance })).id,
    balance: (id) => call('getBalance', { id }),
    history: (id) => call('history', { id }),
    transfer: (transfer) => call('transfer', transfer),
    saysUnknown: (error) => failureDetails(error)?.reason === 'OUTCOME_UNKNOWN',
    close: () => client.close(),
  };
}
