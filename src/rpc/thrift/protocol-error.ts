/** What a client sent is no message that this server takes; its connection is closed. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
}
