import { bounded } from '../../core/pool/bounded.js';
import { errorFields, logger } from '../../core/process/logger.js';
import type { SideConnections } from './cancel-side.js';
import type { Session } from './session.js';
import { issued, statement } from './statement.js';

/** How long it may take until a statement is stopped, in milliseconds; then its connection is destroyed. */
const STOP_MS = 500;

/**
 * Stops the statement that runs on a session: on the server, by KILL QUERY from a side connection. Whatever
 * cannot be proven or does not go well in time ends with the session's connection instead. Never rejects.
 *
 * KILL QUERY hits whatever the session runs when it arrives, or runs next. So nobody may use the session until
 * this has resolved: by then the kill was acknowledged, the statement has ended, and what the kill may have
 * left behind has struck.
 *
 * @param ended resolves when the statement's reply was read.
 */
export async function stopStatement(
  sides: SideConnections,
  session: Session,
  ended: Promise<void>,
): Promise<void> {
  try {
    await bounded(STOP_MS, async (signal) => {
      const side = await sides.to(session, signal);
      await issued(side, statement('query', 'KILL QUERY ?', [session.id]));
      // Its socket is gone already when commands waited behind the statement.
      if (!session.open) return;
      await ended;
      await strike(session);
    });
  } catch (error) {
    logger().info(
      { connectionId: session.id, ...errorFields(error, true) },
      'a statement that nobody waits for could not be stopped on its server; its connection was closed',
    );
    session.kill();
    // It may be what did not answer.
    sides.forget();
  }
}

/** A statement that does nothing, for a kill that came too late for the one it was meant for. */
function strike({ raw }: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.query('DO 0', undefined, (error) => {
      const { errno } = (error ?? {}) as { errno?: unknown };
      if (error === null || error === undefined || errno === QUERY_KILLED) resolve();
      else reject(error);
    });
  });
}

const QUERY_KILLED = 1317;
