import { now } from '../../core/process/clock.js';
import type { Session } from './session.js';

/** Hears of a loss by every way in which mysql2 tells of one; over TLS only the socket's 'close' does. */
export function listen(session: Session, lost: () => void): void {
  const { raw } = session;
  const gone = <E>(error?: E): E | undefined => {
    session.noteLost(error);
    lost();
    return error;
  };
  raw.on('error', (error: { fatal?: unknown }) => {
    if (error?.fatal) gone(error);
  });
  raw.on('end', () => gone());
  raw.stream.on('close', () => gone());
  raw.stream.prependListener('data', () => {
    session.heardAt = now();
    // Bytes that answer nothing may be the beginning of a packet that swallows the next reply, or be that reply.
    if (!raw._command) raw.stream.destroy(gone(unsolicited()));
  });
  // Packets out of order mean that replies no longer belong to their commands.
  raw.on('warn', (error: unknown) => {
    raw.stream.destroy(gone(error as Error));
  });
}

function unsolicited(): Error {
  return Object.assign(new Error('the server sent something that nobody asked for'), {
    code: 'PROTOCOL_UNEXPECTED_PACKET',
  });
}
