import type { Socket } from 'node:net';
import { PacketSplitter } from '../../protocol/packet-splitter.js';

/** A packet of this length is continued by the next one. */
const LONGEST = 0xff_ff_ff;
/** As `max_allowed_packet`: what is longer is not taken in. */
export const MAX_PACKET_BYTES: number = 64 * 1024 * 1024;

/** A whole packet, its continuations included. */
export interface Packet {
  /** The number of its last part: a reply goes on from there. */
  readonly sequence: number;
  readonly payload: Buffer;
}

/** Packets in both directions over a socket. */
export class PacketChannel {
  readonly #socket: Socket;
  readonly #splitter: PacketSplitter = new PacketSplitter();
  readonly #packets: Packet[] = [];
  #parts: Buffer[] = [];
  #size = 0;
  #ended = false;
  #waiting: ((packet: Packet | undefined) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('error', () => {});
  }

  /** The next packet; undefined once the peer will send no more. */
  read(): Promise<Packet | undefined> {
    const packet = this.#packets.shift();
    if (packet || this.#ended) return Promise.resolve(packet);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Sends packets, numbered on from the last one, and returns the number of the last of them. */
  send(payloads: readonly Buffer[], last: number): number {
    const buffers: Buffer[] = [];
    let number = last;
    for (const payload of payloads) {
      for (let offset = 0; offset <= payload.length; offset += LONGEST) {
        const part = payload.subarray(offset, offset + LONGEST);
        const header = Buffer.allocUnsafe(4);
        header.writeUIntLE(part.length, 0, 3);
        number = (number + 1) & 0xff;
        header.writeUInt8(number, 3);
        buffers.push(header, part);
      }
    }
    if (this.#socket.writable) this.#socket.write(Buffer.concat(buffers));
    return number;
  }

  #take(chunk: Buffer): void {
    this.#splitter.write(chunk);
    for (let piece = this.#splitter.next(); piece; piece = this.#splitter.next()) {
      this.#parts.push(piece.startsPart ? piece.bytes.subarray(4) : piece.bytes);
      this.#size += piece.bytes.length;
      if (this.#size > MAX_PACKET_BYTES) {
        this.#socket.destroy();
        return;
      }
      if (piece.last) this.#deliver(piece.sequence);
    }
  }

  #deliver(sequence: number): void {
    const packet = { sequence, payload: Buffer.concat(this.#parts) };
    this.#parts = [];
    this.#size = 0;
    if (this.#waiting) this.#waiting(packet);
    else this.#packets.push(packet);
    this.#waiting = undefined;
  }

  #end(): void {
    this.#ended = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}
