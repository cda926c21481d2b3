import { FreshConnection } from './connection.js';
import { type FreshConnectionOptions, type FreshPoolOptions, resolveOptions } from './options.js';
import { MysqlResource } from './resource.js';

/**
 * A single connection that is dialed at once, and again when it was lost. It joins the registry only when
 * `fresh.name` is given: a pool of somebody else's may open many.
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function openConnection(options: string | FreshConnectionOptions): FreshConnection {
  const given: FreshPoolOptions = typeof options === 'string' ? { uri: options } : options;
  const register = given.fresh?.name !== undefined;
  const resolved = resolveOptions({ ...given, connectionLimit: 1 });
  const connection = new FreshConnection(new MysqlResource(resolved, { register }), { kind: 'none' });
  connection.connect((error: unknown) => {
    if (error === null) connection.emit('connect');
    else if (connection.listenerCount('error') > 0) connection.emit('error', error);
  });
  return connection;
}
