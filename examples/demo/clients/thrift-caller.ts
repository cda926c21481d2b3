import thrift, { type Int64 } from 'thrift';
import AccountService from '../../gen/AccountService.js';
import { ServiceException } from '../../gen/service_exception_types.js';
import { DEADLINE_MS } from '../scale.js';
import type { Caller } from './caller.js';

type Client = InstanceType<typeof AccountService.Client>;

/** A connection. npm thrift leaves the calls on it pending when it is lost; `lost` rejects then. */
interface Link {
  readonly client: Client;
  readonly lost: Promise<never>;
  close(): void;
}

/** A client with a connection of its own, which it opens again when it was lost. */
export function thriftCaller(port: number): Caller {
  let link: Link | undefined;
  const linked = (): Link => {
    link ??= open(port, () => {
      link = undefined;
    });
    return link;
  };
  const call = <A>(run: (client: Client) => Promise<A>): Promise<A> => {
    const { client, lost } = linked();
    return inTime(Promise.race([run(client), lost]));
  };
  return {
    create: async (owner, balance) => Number(await call((client) => client.create(owner, i64(balance)))),
    balance: (id) => call((client) => client.balance(i64(id))),
    history: (id) => call((client) => client.history(i64(id))),
    transfer: ({ from, to, amount, transferId }) =>
      call((client) => client.transfer(i64(from), i64(to), i64(amount), transferId)),
    saysUnknown: (error) => error instanceof ServiceException && error.reason === 'OUTCOME_UNKNOWN',
    close: () => link?.close(),
  };
}

function open(port: number, gone: () => void): Link {
  const connection = thrift.createConnection('127.0.0.1', port, {});
  const lost = new Promise<never>((_, reject) => {
    const end = (error: Error): void => {
      gone();
      reject(error);
    };
    connection.on('error', end);
    connection.on('close', () => end(new Error('the server closed the connection')));
  });
  lost.catch(() => undefined);
  return {
    client: thrift.createClient(AccountService, connection),
    lost,
    close: () => connection.destroy(),
  };
}

function inTime<A>(call: Promise<A>): Promise<A> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the deadline passed')), DEADLINE_MS);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function i64(value: number): Int64 {
  return new thrift.Int64(value);
}
