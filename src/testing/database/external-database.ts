import { connectionUri, type Login } from '../connection-uri.js';
import { killAll, setGlobal } from './admin.js';
import type { ExternalDatabase } from './test-database.js';

const DEFAULT_PORT = 3306;

/** A server that runs already, by its URI. */
export function externalDatabase(uri: string): ExternalDatabase {
  const url = parse(uri);
  const login: Login = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const stop = async (): Promise<void> => {};
  return {
    kind: 'external',
    description: `external server at ${login.host}:${login.port}`,
    ...login,
    database: decodeURIComponent(url.pathname.slice(1)),
    uri,
    connectionUri: (database) => `${connectionUri(login, database)}${url.search}`,
    setGlobal: (name, value) => setGlobal(uri, name, value),
    killAll: () => killAll(uri, 'mine'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function parse(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.hostname && /^(mysql|mariadb):$/.test(url.protocol)) return url;
  // The URI may hold a password: it is not for messages.
  throw new RangeError('a database is given as mysql://user:password@host:port/database');
}
