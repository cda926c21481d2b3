// The same service as a NestJS microservice: npm run example:nestjs-server
import 'reflect-metadata';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Catch, Controller, Module, type RpcExceptionFilter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, type GrpcOptions, Transport } from '@nestjs/microservices';
import { connections, withFreshConnections } from 'fresh-connections';
import { freshConnections } from 'fresh-connections/grpc';
import { type Observable, throwError } from 'rxjs';
import { AccountHandler } from '../accounts/account-handler.js';
import { type Account, AccountService, type Entry, type TransferRequest } from '../accounts/account-proto.js';
import { db } from '../accounts/database.js';
import { createTables } from '../accounts/tables.js';

const { HOST = '127.0.0.1', PORT = '50051' } = process.env;
const accounts = new AccountHandler();

@Controller()
class AccountController {
  @GrpcMethod('AccountService', 'CreateAccount')
  createAccount(request: { owner: string; initialBalance: number }): Promise<Account> {
    return accounts.createAccount(request);
  }

  // Nest finds its own metadata on the method that the decorator makes.
  @GrpcMethod('AccountService', 'GetBalance')
  @withFreshConnections({ idempotent: true })
  getBalance(request: { id: number }): Promise<Account> {
    return accounts.getBalance(request);
  }

  @GrpcMethod('AccountService', 'Transfer')
  transfer(request: TransferRequest): Promise<object> {
    return accounts.transfer(request);
  }

  @GrpcMethod('AccountService', 'History')
  history(request: { id: number }): Promise<{ entries: Entry[] }> {
    return accounts.history(request);
  }
}

/** Nest itself would make one text of every error; the interceptor knows which of them clients may see. */
@Catch()
class PassOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

@Module({ controllers: [AccountController] })
class AccountModule {}

await createTables(db);

const interceptors = [freshConnections({ services: [AccountService.service], timeoutMs: 10_000 })];
const options: GrpcOptions = {
  transport: Transport.GRPC,
  options: {
    url: `${HOST}:${PORT}`,
    package: 'fresh.account.v1',
    protoPath: fileURLToPath(new URL('../../idl/account.proto', import.meta.url)),
    loader: { longs: Number, defaults: true },
    // Nest hands these on to the server; its types know those of grpc-js that are numbers and texts only.
    channelOptions: { interceptors } as never,
    gracefulShutdown: true,
  },
};
const app = await NestFactory.createMicroservice(AccountModule, { ...options, logger: ['error'] });
app.useGlobalFilters(new PassOn());
await app.listen();
console.log(`listening on ${HOST}:${PORT}`);

async function stop(): Promise<void> {
  await app.close();
  await connections.drain();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
