import thrift, { type Connection } from 'thrift';
import Quirks from '../gen/Quirks.js';
import type { Wire } from './serve.js';

/** The bytes that npm thrift's client sends for a call. */
export function recordCall(
  wire: Wire,
  call: (client: InstanceType<typeof Quirks.Client>) => unknown,
): Buffer {
  const written: Buffer[] = [];
  // All that createClient asks of a connection.
  const connection = { ...wire, write: (bytes: Buffer) => written.push(bytes) };
  const client = thrift.createClient(Quirks, connection as unknown as Connection);
  Promise.resolve(call(client)).catch(() => undefined);
  return Buffer.concat(written);
}
