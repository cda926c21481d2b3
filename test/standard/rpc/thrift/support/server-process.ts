import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AttachOptions } from '../../../../../src/rpc/thrift/index.js';

/** What a server tells of itself. */
export interface Figures {
  /** Resident memory, in bytes. */
  readonly rss: number;
  readonly connections: number;
  readonly callsInFlight: number;
  readonly heldBytes: number;
}

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  /** Errors that nobody handled. */
  readonly unhandled: readonly string[];
  readonly hasEnded: boolean;
  /** Its log lines. */
  readonly log: readonly string[];
  figures(): Promise<Figures>;
}

const PROGRAM = 'test/standard/rpc/thrift/programs/quirks-server.ts';

/** Starts `programs/quirks-server.ts`. */
export async function startServerProcess(
  transport: 'framed' | 'buffered',
  protocol: 'binary' | 'compact' | 'json',
  options: AttachOptions = {},
): Promise<ServerProcess> {
  const child = fork('scripts/example.mjs', [PROGRAM, transport, protocol, JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--no-deprecation'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const unhandled: string[] = [];
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text) => log.push(text));
  child.on('message', (message) => {
    if (typeof message === 'object' && 'unhandled' in message) unhandled.push(String(message.unhandled));
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server ended')));
  ended.catch(() => undefined);
  const { port } = (await answer(child, 'port', ended)) as { port: number };
  return {
    port,
    unhandled,
    log,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    figures: async () => {
      const figures = answer(child, 'rss', ended);
      child.send('figures');
      return (await figures) as Figures;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}

/** The next message that has this field. */
async function answer(child: ChildProcess, field: string, ended: Promise<never>): Promise<object> {
  for (;;) {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    if (field in message) return message;
  }
}
