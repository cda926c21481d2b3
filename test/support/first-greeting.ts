import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 2;

/** When a server that is away first greets a client over TCP: the moment from which it accepts connections. */
export async function firstGreeting({ host, port }: { host: string; port: number }): Promise<number> {
  for (;;) {
    const at = await greeted(host, port);
    if (at !== undefined) return at;
    await sleep(POLL_MS);
  }
}

function greeted(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(undefined));
    socket.once('data', () => {
      resolve(performance.now());
      socket.destroy();
    });
  });
}
