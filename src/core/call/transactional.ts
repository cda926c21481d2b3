import { connections } from '../registry/registry.js';
import type { Resource, TransactionOptions } from '../registry/resource.js';
import type { CallTransaction } from './options.js';

/**
 * Runs a handler in the transaction that its options ask for.
 *
 * @throws TypeError when there is no such resource, or it has no transactions.
 */
export function inCallTransaction<T>(
  options: CallTransaction,
  exactlyOnce: TransactionOptions['exactlyOnce'],
  work: () => Promise<T>,
): Promise<T> {
  const resource = options.resource === undefined ? implied() : connections.get(options.resource);
  const wanted = JSON.stringify(options.resource ?? 'default');
  if (resource === undefined) {
    const known = [...connections].map(({ name }) => name).join(', ') || 'none';
    throw new TypeError(`transaction: there is no resource named ${wanted}; known: ${known}`);
  }
  if (resource.transaction === undefined) throw new TypeError(`transaction: the resource ${wanted} has none`);
  return resource.transaction(work, exactlyOnce === undefined ? options : { ...options, exactlyOnce });
}

/** The resource named `'default'`, or the only one that has transactions. */
function implied(): Resource | undefined {
  const named = connections.get('default');
  if (named !== undefined) return named;
  const candidates = [...connections].filter((resource) => resource.transaction !== undefined);
  return candidates.length === 1 ? candidates[0] : undefined;
}
