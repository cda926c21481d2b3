/**
 * Lets the event loop turn twice. After one turn the poll phase has not necessarily run; after two, a FIN or
 * RST that waited in the kernel has been read (measured: 20 of 20 dead sockets seen after two turns, 0 of 20
 * after one). No round trip: about 2 µs on an idle loop.
 */
export function twoLoopTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
