// The gRPC server as it is written today.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { AccountService } from '../accounts/account-proto.js';
import { BareAccounts } from './servers/bare-accounts.js';
import { grpcHandler } from './servers/grpc-handler.js';
import { reportPort } from './servers/report-port.js';
import { PORT } from './servers/settings.js';

const handler = grpcHandler(new BareAccounts());

const server = new Server();
server.addService(AccountService.service, {
  createAccount: calledBack(handler.createAccount),
  getBalance: calledBack(handler.getBalance),
  transfer: calledBack(handler.transfer),
  history: calledBack(handler.history),
});
server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportPort(port);
});

/** grpc-js takes no promises. */
function calledBack<Q, A>(answer: (request: Q) => Promise<A>) {
  return (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>): void => {
    answer(call.request).then(
      (response) => callback(null, response),
      (error) => callback(error),
    );
  };
}
