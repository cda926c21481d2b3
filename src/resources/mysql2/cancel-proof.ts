import type { Session } from './session.js';
import { issued, statement } from './statement.js';

/** Whether both are connected to one server, as far as its own words go. */
export function isSameServer(side: Session, session: Session): boolean {
  const { server } = session.facts;
  return server !== undefined && server === side.facts.server;
}

/**
 * Whether the id of a session means this session on a side connection too. Ids start anew with the server, so
 * the server has to say that the id's session comes from where this one came from when it was opened: an
 * address and a port that nobody else can have had meanwhile. The server's uptime would prove less, since
 * it goes by the wall clock, in whole seconds.
 */
export async function isSameSession(side: Session, session: Session): Promise<boolean> {
  if (!isSameServer(side, session)) return false;
  const { client } = session.facts;
  if (client === undefined || (await clientOf(session.id, side)) !== client) return false;
  if (client.includes(':')) return true;
  // A unix socket has no port. It ends with its server, and by now this process would have heard of it.
  return session.raw.config.socketPath !== undefined && session.open;
}

const CLIENT = 'SELECT HOST AS client FROM information_schema.PROCESSLIST WHERE ID = ?';

async function clientOf(id: number, side: Session): Promise<unknown> {
  const rows = (await issued(side, statement('query', CLIENT, [id]))) as readonly { client?: unknown }[];
  return rows[0]?.client;
}
