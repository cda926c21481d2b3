// Bare npm thrift; the empty handler is in promise style, as one writes it.
import type { AddressInfo } from 'node:net';
import thrift from 'thrift';
import AccountService from '../../examples/gen/AccountService.js';
import { emptyHandler } from './empty-handler.js';

const server = thrift.createServer(AccountService, emptyHandler, {});
server.on('error', () => undefined);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
