import { ProtocolError } from '../protocol-error.js';

/** Finds where the messages of one connection end, each once and without reading a byte twice. */
export interface MessageEnd {
  /**
   * The index after the message that begins at `start`, or {@link MORE} when it is not all there. Then the
   * next call is about the same message: its bytes are the same ones, wherever they are by then.
   *
   * @throws ProtocolError for what is no message, as soon as that can be told.
   */
  find(data: Buffer, start: number): number;
}

/** The message goes on after the data. */
export const MORE = -1;

/** @throws ProtocolError when a message of this length is longer than the server takes. */
export function checkLength(length: number, maxBytes: number): void {
  if (length > maxBytes) {
    throw new ProtocolError(`a message of ${length} bytes or more; at most ${maxBytes} are taken`);
  }
}
