// A Thrift server in a process of its own, for tests that measure its memory and see that it lives:
// node scripts/example.mjs <this file> <transport> <protocol> <attach options as JSON>
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import process from 'node:process';
import { attach, freshProcessor, type ThriftProcessor } from 'fresh-connections/thrift';
import thrift from 'thrift';
import Quirks from '../gen/Quirks.js';
import { Item } from '../gen/quirks_types.js';

const [transport, protocol, options = '{}'] = process.argv.slice(2);

// Before anybody else's: a test is to hear of it.
process.on('uncaughtException', (error) => process.send?.({ unhandled: String(error.stack) }));
process.on('unhandledRejection', (reason) => process.send?.({ unhandled: String(reason) }));

const handler = {
  none: () => 'none',
  three: async (a: string, b: string, c: string) => a + b + c,
  nothing: () => undefined,
  items: async (count: number) => Array.from({ length: Math.min(count, 100) }, () => new Item()),
  counts: (items: unknown[] | null) => items?.length ?? 0,
  declared: () => 'declared',
  brief: () => 'brief',
  undeclared: () => 'undeclared',
  message: (text: string) => text,
  reply: (text: string) => text,
  inherited: (text: string) => text,
  fire: () => undefined,
};
const library = thrift as unknown as {
  createServer(processor: ThriftProcessor, handler: undefined, options: object): Server;
};
const server = library.createServer(freshProcessor(Quirks, handler), undefined, {
  transport: transport === 'buffered' ? thrift.TBufferedTransport : thrift.TFramedTransport,
  protocol: { binary: thrift.TBinaryProtocol, compact: thrift.TCompactProtocol, json: thrift.TJSONProtocol }[
    String(protocol)
  ],
});
const attached = attach(server, JSON.parse(options));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });

// Asked for its figures, it collects its garbage first.
process.on('message', () => {
  globalThis.gc?.();
  const { connections, callsInFlight, heldBytes } = attached;
  process.send?.({ rss: process.memoryUsage.rss(), connections, callsInFlight, heldBytes });
});
process.on('disconnect', () => process.exit());
