import type { Server } from 'node:net';
import { errorFields, logger } from '../../core/process/logger.js';

/** Errors of the server itself: it does not listen. */
const STARTUP: readonly unknown[] = ['listen', 'bind', 'getaddrinfo'];

/** A client went, which is no news. */
const GONE: readonly unknown[] = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
];

/**
 * Listens for errors, so that none ends the process. npm thrift emits the errors of its clients' sockets and
 * messages on the server, whose own failure to listen still throws when nobody else listens for it.
 */
export function listenForErrors(server: Server): void {
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (STARTUP.includes(error.syscall)) {
      if (server.listenerCount('error') === 1) throw error;
    } else if (GONE.includes(error.code)) {
      logger().debug(errorFields(error, false), 'a client of the Thrift server went away');
    } else {
      logger().warn(errorFields(error, false), 'a connection of the Thrift server was closed on an error');
    }
  });
}
