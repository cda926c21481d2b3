import { errorFields, logger } from '../process/logger.js';
import { connections } from '../registry/registry.js';
import type { Call } from './call.js';
import { hasHooks, runHooks } from './hooks.js';

/** Before a call: stale connections go, so that the handler does not meet them. */
export function cleanBefore(): void {
  if (connections.size === 0) return;
  try {
    connections.closeOldConnections();
  } catch (error) {
    // A resource of somebody else's; the call is none of its business.
    logger().error(errorFields(error, false), 'stale connections could not be dropped');
  }
}

/** After an attempt or a call: takes back what the handler left behind, and says where it was taken. */
export function reclaim(call: Call): void {
  for (const checkout of call.takeCheckouts()) {
    logger().warn(
      { callId: call.id, method: call.method, resource: checkout.resource, stack: checkout.stack },
      'a handler did not release a connection; it was taken back',
    );
    if (hasHooks()) runHooks((hooks) => hooks.leak?.(call, checkout));
    checkout.reclaim();
  }
}

/** After a call: what is left behind is taken back, and what became stale meanwhile goes. */
export function cleanAfter(call: Call): void {
  reclaim(call);
  cleanBefore();
}
