import mysql2promise, { type PoolCluster } from 'mysql2/promise';

type Add = (...args: unknown[]) => void;

/** mysql2's promise cluster around a cluster of ours. mysql2 exports no class for it: it is taken from an empty one. */
export function promiseCluster(cluster: object): PoolCluster {
  const { constructor: PromisePoolCluster } = mysql2promise.createPoolCluster() as unknown as {
    constructor: new (cluster: object, promiseImpl: PromiseConstructor) => { add: Add };
  };
  const wrapped = new PromisePoolCluster(cluster, Promise);
  // mysql2's would run its own `add` on ours, and make a pool of its own.
  wrapped.add = (...args) => (cluster as { add: Add }).add(...args);
  return wrapped as unknown as PoolCluster;
}
