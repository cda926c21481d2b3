import { BinaryEnd } from './binary-end.js';
import { CompactEnd } from './compact-end.js';
import { frameEnd } from './frame-end.js';
import { jsonEnd } from './json-end.js';
import type { MessageEnd } from './message-end.js';

/** How a client delimits its messages: by frames, or by what is in them. */
export type Transport = 'framed' | 'buffered';

/** What a client speaks. */
export interface DetectedWire {
  readonly transport: Transport;
  readonly end: MessageEnd;
}

const BINARY = 0x80;
const COMPACT = 0x82;
const JSON_ARRAY = 0x5b;
/** After the length of a frame, a message of any protocol begins with one of these, or with a zero. */
const BEGINNINGS: readonly number[] = [BINARY, COMPACT, JSON_ARRAY];

/**
 * Tells from its first bytes what a client speaks: a server does not tell it. No length of a frame that could
 * be taken begins like a message of a protocol.
 *
 * @returns `undefined` while there are too few bytes.
 */
export function detectWire(data: Buffer, maxBytes: number): DetectedWire | undefined {
  switch (data[0]) {
    case BINARY:
      return { transport: 'buffered', end: new BinaryEnd(maxBytes) };
    case COMPACT:
      return { transport: 'buffered', end: new CompactEnd(maxBytes) };
    case JSON_ARRAY:
      return { transport: 'buffered', end: jsonEnd(maxBytes) };
    default:
      return withoutMark(data, maxBytes);
  }
}

/** A frame; or a message of the binary protocol in its old form, which begins with the length of its name. */
function withoutMark(data: Buffer, maxBytes: number): DetectedWire | undefined {
  const end = frameEnd(maxBytes);
  // Throws when it is neither.
  end.find(data, 0);
  const fifth = data[4];
  if (fifth === undefined) return undefined;
  const isLetter = fifth > 0x20 && fifth < 0x7f && !BEGINNINGS.includes(fifth);
  return isLetter ? { transport: 'buffered', end: new BinaryEnd(maxBytes) } : { transport: 'framed', end };
}
