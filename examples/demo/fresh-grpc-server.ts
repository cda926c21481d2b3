// The gRPC server with fresh-connections.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { freshConnections, handlers } from 'fresh-connections/grpc';
import { AccountService } from '../accounts/account-proto.js';
import { FreshAccounts } from './servers/fresh-accounts.js';
import { grpcHandler } from './servers/grpc-handler.js';
import { reportPort } from './servers/report-port.js';
import { PORT } from './servers/settings.js';

const { service } = AccountService;
const server = new Server({ interceptors: [freshConnections({ services: [service] })] });
server.addService(service, handlers(service, grpcHandler(new FreshAccounts())));
server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportPort(port);
});
