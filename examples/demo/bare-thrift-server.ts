// The Thrift server as it is written today.
import type { AddressInfo } from 'node:net';
import thrift from 'thrift';
import AccountService from '../gen/AccountService.js';
import { BareAccounts } from './servers/bare-accounts.js';
import { reportPort } from './servers/report-port.js';
import { PORT } from './servers/settings.js';
import { thriftHandler } from './servers/thrift-handler.js';

const server = thrift.createServer(AccountService.Processor, thriftHandler(new BareAccounts()));
server.listen(PORT, '127.0.0.1', () => reportPort((server.address() as AddressInfo).port));
