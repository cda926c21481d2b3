import { ProtocolError } from '../protocol-error.js';
import { checkLength, type MessageEnd, MORE } from './message-end.js';

const HEAD_BYTES = 4;

/** A frame has its length before it. What is in it, the processor's guards look at. */
export function frameEnd(maxBytes: number): MessageEnd {
  return {
    find(data, start) {
      if (data.length - start < HEAD_BYTES) return MORE;
      const length = data.readUInt32BE(start);
      if (length === 0) throw new ProtocolError('a frame without a message');
      checkLength(length, maxBytes);
      const end = start + HEAD_BYTES + length;
      return end <= data.length ? end : MORE;
    },
  };
}
