// The Thrift server with fresh-connections.
import type { AddressInfo } from 'node:net';
import { attach, freshProcessor, thriftException } from 'fresh-connections/thrift';
import thrift from 'thrift';
import AccountService from '../gen/AccountService.js';
import { ServiceException } from '../gen/service_exception_types.js';
import { FreshAccounts } from './servers/fresh-accounts.js';
import { reportPort } from './servers/report-port.js';
import { DEADLINE_MS, PORT } from './servers/settings.js';
import { thriftHandler } from './servers/thrift-handler.js';

const processor = freshProcessor(AccountService, thriftHandler(new FreshAccounts()), {
  as: thriftException(ServiceException),
  timeoutMs: DEADLINE_MS,
});
const server = thrift.createServer(processor, undefined);
attach(server);
server.listen(PORT, '127.0.0.1', () => reportPort((server.address() as AddressInfo).port));
