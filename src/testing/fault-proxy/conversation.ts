import { type Command, hasReply, readCommand } from '../protocol/commands.js';
import { CAPABILITIES, MARKERS } from '../protocol/flags.js';
import type { Piece } from '../protocol/packet-splitter.js';
import type { Direction } from './direction.js';

const SSL_REQUEST_BYTES = 32;

/** What a packet is within the conversation, once the handshake is over. */
export interface PacketPlace {
  readonly direction: Direction;
  /** Counts the packets of the direction, from 1. */
  readonly index: number;
  /** The command that the packet begins, or whose reply it begins. */
  readonly begins: Command | undefined;
}

interface Question {
  readonly command: Command;
  /** The reply's first packet has the number after the command's last one. */
  replySequence: number;
}

type Phase = 'greeting' | 'authentication' | 'commands' | 'opaque';

/**
 * Follows what client and server say to each other, from the greeting on: which packet begins a command
 * and which begins the reply to it. Once the two agree on TLS or compression the conversation is opaque
 * and nothing more can be told of it.
 */
export class Conversation {
  #phase: Phase = 'greeting';
  #threadId: number | undefined;
  #compressed = false;
  readonly #counts: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  /** Commands whose reply has not begun: more than one when the client pipelines. */
  readonly #unanswered: Question[] = [];
  #last: { readonly direction: Direction; readonly sequence: number } | undefined;

  /** The connection id that the server's greeting gave. */
  get threadId(): number | undefined {
    return this.#threadId;
  }

  get opaque(): boolean {
    return this.#phase === 'opaque';
  }

  /** Takes note of a piece; returns the place of the packet that it begins, if it begins one. */
  follow(direction: Direction, piece: Piece): PacketPlace | undefined {
    const previous = this.#last;
    this.#last = { direction, sequence: piece.sequence };
    const continues = previous?.direction === direction && piece.sequence === following(previous.sequence);
    const question = this.#unanswered.at(-1);
    if (direction === 'to-server' && question && (continues || piece.payload === undefined)) {
      question.replySequence = following(piece.sequence);
    }
    if (piece.payload === undefined) return undefined;
    if (this.#phase !== 'commands') {
      this.#shakeHands(direction, piece.payload);
      return undefined;
    }
    this.#counts[direction] += 1;
    const begins = continues ? undefined : this.#begin(direction, piece.sequence, piece.payload);
    return { direction, index: this.#counts[direction], begins };
  }

  #begin(direction: Direction, sequence: number, payload: Buffer): Command | undefined {
    if (direction === 'to-client') {
      if (this.#unanswered[0]?.replySequence !== sequence) return undefined;
      return this.#unanswered.shift()?.command;
    }
    // Not 0: the client goes on with something else, such as the file of LOAD DATA LOCAL.
    if (sequence !== 0) return undefined;
    const command = readCommand(payload);
    if (hasReply(command)) this.#unanswered.push({ command, replySequence: 1 });
    return command;
  }

  #shakeHands(direction: Direction, payload: Buffer): void {
    if (this.#phase === 'greeting') {
      if (direction === 'to-client') this.#threadId = readThreadId(payload);
      else this.#readResponse(payload);
    } else if (direction === 'to-client' && payload[0] === MARKERS.OK) {
      this.#phase = this.#compressed ? 'opaque' : 'commands';
    }
  }

  #readResponse(payload: Buffer): void {
    const flags = payload.length >= 4 ? payload.readUInt32LE(0) : 0;
    const wantsTls = (flags & CAPABILITIES.SSL) !== 0 && payload.length === SSL_REQUEST_BYTES;
    this.#compressed = (flags & (CAPABILITIES.COMPRESS | CAPABILITIES.ZSTD)) !== 0;
    this.#phase = wantsTls ? 'opaque' : 'authentication';
  }
}

function following(sequence: number): number {
  return (sequence + 1) & 0xff;
}

/** Protocol 10: a version byte, the server's version up to a zero byte, the connection id. */
function readThreadId(payload: Buffer): number | undefined {
  const end = payload.indexOf(0, 1);
  if (payload[0] !== 10 || end < 0 || payload.length < end + 5) return undefined;
  return payload.readUInt32LE(end + 1);
}
