import { globalState } from '../../core/process/global-state.js';
import type { CallsInFlight } from './calls-in-flight.js';

/** A client's connection to an attached server. */
export interface ClientConnection {
  /** Fires when the client is gone. */
  readonly signal: AbortSignal;
  /** The server's calls in flight, those of its other clients included. */
  readonly calls: CallsInFlight;
}

/**
 * Whose data is being processed. Thrift hands a processor two protocols that do not tell the socket; but it
 * reads data and calls the processor in one synchronous stretch, in which this holds. Nothing outlives the
 * stretch, so no AsyncLocalStorage is needed.
 */
const stretch: { client: ClientConnection | undefined } = globalState('thrift.client', () => ({
  client: undefined,
}));

/** The client whose message is being processed; `undefined` when its server is not attached. */
export function processedClient(): ClientConnection | undefined {
  return stretch.client;
}

/** Runs a listener for data of this client. */
export function processFor(client: ClientConnection, listener: () => void): void {
  const before = stretch.client;
  stretch.client = client;
  try {
    listener();
  } finally {
    stretch.client = before;
  }
}
