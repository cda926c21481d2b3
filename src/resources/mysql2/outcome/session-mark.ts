import { randomUUID } from 'node:crypto';
import type { Session } from '../session.js';
import { issued } from '../statement.js';
import { own } from './outcome-table.js';

/**
 * By what a session is known to be the one it was: a named lock that it holds, and that the server tells the
 * holder of. An id alone is no proof. After a restart of the server it is somebody else's, and on another
 * server it always was.
 */
export interface SessionMark {
  readonly lock: string;
  /** The server's id of the session; that of the server itself, not of a proxy before it. */
  readonly id: number;
}

interface Marked {
  readonly mark: SessionMark;
  readonly resets: number;
}

const marks = new WeakMap<Session, Marked>();

/** Marks a session, once for as long as it is not reset; `undefined` where the server has no such locks. */
export async function markOf(session: Session): Promise<SessionMark | undefined> {
  const marked = marks.get(session);
  if (marked !== undefined && marked.resets === session.resets) return marked.mark;
  const { resets } = session;
  const lock = `fresh:${randomUUID()}`;
  try {
    const rows = await issued(session, own('SELECT GET_LOCK(?, 0) AS held, CONNECTION_ID() AS id', [lock]));
    const { held, id } = (rows as { held: unknown; id: unknown }[])[0] ?? {};
    if (Number(held) !== 1) return undefined;
    const mark = { lock, id: Number(id) };
    marks.set(session, { mark, resets });
    return mark;
  } catch (error) {
    if (!session.open) throw error;
    return undefined;
  }
}
