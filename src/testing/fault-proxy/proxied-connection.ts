import { connect, type Socket } from 'node:net';
import type { Piece } from '../protocol/packet-splitter.js';
import { Conversation } from './conversation.js';
import type { ActiveCut } from './cut-rule.js';
import type { Direction } from './direction.js';
import { Lane } from './lane.js';
import type { ProxyConnection } from './proxy-connection.js';
import type { Target } from './target.js';

/** What a connection needs of its proxy. */
export interface ConnectionHost {
  /** The rules in force. */
  readonly cuts: () => Iterable<ActiveCut>;
  readonly delayMs: Readonly<Record<Direction, number>>;
  /** Both ends are gone. */
  readonly onClosed: (connection: ProxiedConnection) => void;
}

/** A client's connection and the one to the server behind it, with all that can befall them. */
export class ProxiedConnection implements ProxyConnection {
  readonly id: number;
  readonly clientPort: number | undefined;
  /** Resolves when both ends are gone. */
  readonly ended: Promise<void>;
  #resolveEnded: () => void = () => {};
  readonly #host: ConnectionHost;
  readonly #conversation: Conversation | undefined;
  readonly #client: Socket;
  #server: Socket | undefined;
  #lanes: readonly Lane[] = [];
  #state: ProxyConnection['state'] = 'forwarding';
  /** While held: one end was lost, which the other is told when it is released. */
  #lostWhileHeld = false;

  constructor(id: number, client: Socket, protocol: 'mysql' | 'raw', host: ConnectionHost) {
    this.id = id;
    this.clientPort = client.remotePort;
    this.#host = host;
    this.#client = client;
    this.#conversation = protocol === 'mysql' ? new Conversation() : undefined;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#watch(client);
  }

  get threadId(): number | undefined {
    return this.#conversation?.threadId;
  }

  get state(): ProxyConnection['state'] {
    return this.#state;
  }

  /** Connects to the server and forwards from then on. */
  connect(target: Target): void {
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#watch(server);
    this.#lanes = [
      this.#lane('to-server', this.#client, server),
      this.#lane('to-client', server, this.#client),
    ];
    this.#client.resume();
  }

  /** Never connects to a server; the client's bytes are dropped, or held until it is healed. */
  mute(hold: boolean): void {
    this.#state = hold ? 'held' : 'silenced';
    if (hold) this.#client.pause();
    else this.#client.resume();
  }

  reset(): void {
    abort(this.#client);
    if (this.#server) abort(this.#server);
  }

  /** Both ends are told that no more will come, as when a load balancer closes an idle connection. */
  fin(): void {
    if (this.#state === 'closed') return;
    this.#state = 'finished';
    for (const lane of this.#lanes) lane.discard();
    this.#client.end();
    this.#server?.end();
  }

  silence(hold: boolean): void {
    if (this.#state !== 'forwarding' && this.#state !== 'held') return;
    this.#state = hold ? 'held' : 'silenced';
    for (const lane of this.#lanes) hold ? lane.hold() : lane.discard();
    if (!this.#server && !hold) this.#client.resume();
  }

  /** Lets a held connection go on; a silenced one stays silent. */
  heal(target: Target): void {
    if (this.#state !== 'held') return;
    this.#state = 'forwarding';
    if (!this.#server) this.connect(target);
    for (const lane of this.#lanes) lane.release();
    if (this.#lostWhileHeld) this.reset();
  }

  delay(direction: Direction, delayMs: number): void {
    for (const lane of this.#lanes) if (lane.direction === direction) lane.delayMs = delayMs;
  }

  /** Ends both connections without a fault. */
  destroy(): void {
    this.#client.destroy();
    this.#server?.destroy();
  }

  #watch(socket: Socket): void {
    socket.on('error', () => this.#lost(socket));
    socket.on('close', () => this.#closed());
  }

  #lane(direction: Direction, source: Socket, sink: Socket): Lane {
    const lane = new Lane(direction, source, sink);
    lane.delayMs = this.#host.delayMs[direction];
    source.on('data', (chunk: Buffer) => this.#received(lane, chunk));
    const ended = (): void => {
      // Of a paused socket whose buffer is empty, the end is heard all the same: the lane keeps it.
      if ((this.#state === 'forwarding' || this.#state === 'held') && !lane.sealed) lane.end();
    };
    if (source.readableEnded) ended();
    else source.on('end', ended);
    return lane;
  }

  #received(lane: Lane, chunk: Buffer): void {
    // What reaches a closed socket is answered with RST.
    if (this.#state === 'finished' && lane.direction === 'to-server') return abort(this.#client);
    if (lane.sealed) return;
    if (!this.#conversation) return lane.write(chunk);
    lane.splitter.write(chunk);
    while (!lane.sealed && !this.#conversation.opaque) {
      const piece = lane.splitter.next();
      if (!piece) return;
      this.#forward(lane, piece, this.#conversation);
    }
    if (!lane.sealed) lane.write(lane.splitter.rest());
  }

  #forward(lane: Lane, piece: Piece, conversation: Conversation): void {
    const place = conversation.follow(lane.direction, piece);
    if (place) {
      const cuts = [...this.#host.cuts()].filter((cut) => cut.claim(place, this));
      for (const cut of cuts) if (cut.rule.when === 'before') this.#cut(lane, cut);
      lane.pendingCuts = cuts.filter((cut) => cut.rule.when === 'after');
    }
    if (lane.sealed) return;
    lane.write(piece.bytes);
    if (!piece.last) return;
    for (const cut of lane.pendingCuts) this.#cut(lane, cut);
    lane.pendingCuts = [];
  }

  #cut(lane: Lane, cut: ActiveCut): void {
    if (lane.sealed) return;
    const { how } = cut.rule;
    if (typeof how === 'object') {
      lane.postpone(how.delayMs);
      return cut.count(this);
    }
    lane.seal(() => {
      if (how === 'reset') this.reset();
      else if (how === 'fin') this.fin();
      else this.silence(false);
      cut.count(this);
    });
  }

  /** One end was reset, or could not be reached: so is the other. */
  #lost(socket: Socket): void {
    if (this.#state === 'held') this.#lostWhileHeld = true;
    else if (this.#state === 'forwarding') abort(socket === this.#client ? this.#server : this.#client);
  }

  #closed(): void {
    if (!this.#client.closed || this.#server?.closed === false) return;
    this.#state = 'closed';
    for (const lane of this.#lanes) lane.discard();
    this.#host.onClosed(this);
    this.#resolveEnded();
  }
}

/** Closes a socket with RST where there is such a thing: a unix socket just closes. */
function abort(socket: Socket | undefined): void {
  if (!socket || socket.destroyed) return;
  if (socket.remoteFamily === undefined && !socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
