import mysql2 from 'mysql2';
import type { FreshPoolOptions } from './options.js';
import { FreshPool } from './pool.js';

interface ClusterNode {
  readonly id: string;
  readonly errorCount: number;
  readonly pool: FreshPool;
  readonly _offlineUntil: number;
}

/** The part of mysql2's PoolCluster that is relied upon, its internals included: it makes its pools itself. */
interface PoolClusterClass {
  new (
    options?: object,
  ): {
    _lastId: number;
    readonly _nodes: Record<string, ClusterNode>;
    readonly _serviceableNodeIds: string[];
    _clearFindCaches(): void;
  };
}

const PoolCluster: PoolClusterClass = (mysql2 as unknown as { PoolCluster: PoolClusterClass }).PoolCluster;

/** mysql2's PoolCluster over fresh pools. The pool of node `x` is the resource `x` unless its options name it. */
export class FreshPoolCluster extends PoolCluster {
  add(id: string | FreshPoolOptions, options?: string | FreshPoolOptions): void {
    this._lastId += typeof id === 'string' ? 0 : 1;
    const name = typeof id === 'string' ? id : `CLUSTER::${this._lastId}`;
    if (name in this._nodes) return;
    const given = typeof id === 'string' ? (options ?? {}) : id;
    const complete = typeof given === 'string' ? { uri: given } : given;
    const pool = new FreshPool({ ...complete, fresh: { name, ...complete.fresh } });
    this._nodes[name] = { id: name, errorCount: 0, pool, _offlineUntil: 0 };
    this._serviceableNodeIds.push(name);
    this._clearFindCaches();
  }
}
