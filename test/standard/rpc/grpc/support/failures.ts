import { recordFailure } from '../../../../../src/errors/index.js';

/** What a resource reports when a connection died before anything was written. */
export function connectionLost(text = 'secret: read ECONNRESET 10.0.0.3:3306'): Error {
  return recordFailure(new Error(text), {
    status: 'UNAVAILABLE',
    reason: 'CONNECTION_LOST',
    outcome: 'none',
    transient: true,
    fatal: true,
  });
}
