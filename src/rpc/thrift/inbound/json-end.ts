import { ProtocolError } from '../protocol-error.js';
import { checkLength, type MessageEnd, MORE } from './message-end.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** A message of the JSON protocol is an array. Its end is found as npm thrift finds it, to agree with it. */
export function jsonEnd(maxBytes: number): MessageEnd {
  let read = 0;
  let depth = 0;
  let inString = false;
  return {
    find(data, start) {
      let at = start + read;
      for (; at < data.length; at += 1) {
        const byte = data[at];
        if (inString) {
          if (byte === QUOTE) inString = false;
          // The byte after it as well, whether it is there already or not.
          else if (byte === BACKSLASH) at += 1;
        } else if (byte === QUOTE) inString = true;
        else if (byte === OPEN) depth += 1;
        else if (byte === CLOSE) depth -= 1;
        if (depth === 0) {
          if (byte !== CLOSE) throw new ProtocolError('no message of the JSON protocol');
          checkLength(at + 1 - start, maxBytes);
          read = 0;
          return at + 1;
        }
      }
      read = at - start;
      checkLength(read, maxBytes);
      return MORE;
    },
  };
}
