import { type CutAction, type Direction, FaultProxy, type PrivateDatabase } from 'fresh-connections/testing';
import { contestant, type Style } from './contestants.js';
import type { History } from './history.js';

const ACTIONS: readonly CutAction[] = ['reset', 'fin', 'silence', { delayMs: 400 }];
const DIRECTIONS: readonly Direction[] = ['to-server', 'to-client'];
/** So many are tried at once, each through a proxy of its own. */
const AT_ONCE = 6;
/** No transaction of four statements has more packets. */
const MOST_PACKETS = 200;

interface Trial {
  readonly direction: Direction;
  readonly how: CutAction;
}

/**
 * Cuts at every packet of a transaction of four statements, from the first after the handshake to the last, in
 * both directions, in every way. Resolves to how many cuts there were.
 *
 * @param stride tries every so many packets only; 1 for all.
 */
export async function everyPacket(
  server: PrivateDatabase,
  style: Style,
  history: History,
  stride: number = 1,
): Promise<number> {
  const trials = DIRECTIONS.flatMap((direction) => ACTIONS.map((how): Trial => ({ direction, how })));
  let cuts = 0;
  const next = async (): Promise<void> => {
    for (let trial = trials.shift(); trial !== undefined; trial = trials.shift()) {
      for (let packet = 1; packet <= MOST_PACKETS; packet += stride) {
        const name = `${trial.direction} ${typeof trial.how === 'string' ? trial.how : 'delay'} ${packet}`;
        if (!(await cutAt(server, style, trial, packet, name, history))) break;
        cuts += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return cuts;
}

/** Resolves to whether there was such a packet. */
async function cutAt(
  server: PrivateDatabase,
  style: Style,
  { direction, how }: Trial,
  packet: number,
  name: string,
  history: History,
): Promise<boolean> {
  const { host, port, user, password, database } = server;
  await using proxy = await FaultProxy.start({ target: { host, port } });
  await using one = contestant(style, { host: proxy.host, port: proxy.port, user, password, database });
  const cut = proxy.cut({ direction, at: { packet }, when: 'before', how });
  history.invoke(name);
  history.note(name, await one.make({ name, from: (packet % 49) + 1, to: ((packet + 7) % 49) + 1 }));
  cut.remove();
  return cut.hits > 0;
}
