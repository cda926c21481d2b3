import type { Socket } from 'node:net';
import { type Call, cancelled } from '../../core/call/call.js';
import { globalState } from '../../core/process/global-state.js';
import type { CallsInFlight } from './calls-in-flight.js';
import type { Transport } from './inbound/detect-wire.js';

/** What the connections of one attached server share. */
export interface ServerState {
  readonly calls: CallsInFlight;
  /** Which transport the server has; known from its first message on. */
  transport: Transport | undefined;
}

/** A client's connection to an attached server. */
export class ClientConnection {
  readonly server: ServerState;
  readonly #socket: Socket;
  readonly #calls = new Set<Call>();
  #inFlight = 0;
  #messages = 0;
  #gone = false;
  #corked = false;

  constructor(server: ServerState, socket: Socket) {
    this.server = server;
    this.#socket = socket;
  }

  /** Whether the client has left; it is told nothing any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Its calls that are not finished. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many messages the processor has begun to read. */
  get messages(): number {
    return this.#messages;
  }

  /** A processor reads a message, over this transport. */
  reads(transport: Transport): void {
    this.#messages += 1;
    this.server.transport = transport;
  }

  /** @param awaited whether the client waits for the answer: the call is cancelled when it leaves. */
  begin(call: Call, awaited: boolean): void {
    this.#inFlight += 1;
    this.server.calls.begin();
    if (awaited) this.#calls.add(call);
  }

  end(call: Call): void {
    this.#inFlight -= 1;
    this.#calls.delete(call);
    this.server.calls.end();
  }

  /** A reply is about to be written: all those of this turn of the event loop go out together. */
  replies(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  /** Cancels the calls that nobody waits for any more. */
  leave(): void {
    this.#gone = true;
    if (this.#calls.size === 0) return;
    for (const call of [...this.#calls]) call.abort(cancelled());
  }
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
