import { MAX_TIMER_MS } from '../../../core/process/clock.js';
import type { ThriftConnection } from './thrift-connection.js';

/** Opens a connection; rejects with what the connection says when it fails, or when it takes too long. */
export function dial(connect: () => ThriftConnection, timeoutMs: number): Promise<ThriftConnection> {
  return new Promise((resolve, reject) => {
    const connection = connect();
    if (typeof connection?.connection?.destroy !== 'function') {
      throw new TypeError(
        'freshThriftClient: expected a function that returns a new connection of thrift.createConnection, ' +
          'createUDSConnection or createSSLConnection',
      );
    }
    const { connection: socket } = connection;
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      // Its own reconnects would go on behind our back.
      Object.assign(connection, { forceClose: true });
      socket.destroy();
      reject(error);
    };
    const late = (): void => fail(new Error(`no connection within ${timeoutMs} ms`));
    const timer = setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
    connection.on('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed')));
    connection.once('connect', () => {
      clearTimeout(timer);
      // From now on it is dialed anew by its owner.
      Object.assign(connection, { forceClose: true });
      resolve(connection);
    });
    if (connection.connected) {
      clearTimeout(timer);
      resolve(connection);
    }
  });
}
