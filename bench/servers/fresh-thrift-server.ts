// The same with fresh-connections: freshProcessor and attach.
import type { AddressInfo } from 'node:net';
import { attach, freshProcessor } from 'fresh-connections/thrift';
import thrift from 'thrift';
import AccountService from '../../examples/gen/AccountService.js';
import { emptyHandler } from './empty-handler.js';

const server = thrift.createServer(freshProcessor(AccountService, emptyHandler), undefined, {});
attach(server);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
