/**
 * Databases to test against, and a proxy that does to connections what networks do to them.
 *
 * @packageDocumentation
 */
export {
  type ExternalDatabase,
  type PrivateDatabase,
  type PrivateKind,
  type StartDatabaseOptions,
  startDatabase,
  type TestDatabase,
} from './database/index.js';
export { EmbeddedServer, type EmbeddedServerOptions } from './embedded/index.js';
export {
  type Command,
  type CommandName,
  type ConnectionSelector,
  type Cut,
  type CutAction,
  type CutPoint,
  type CutRule,
  type Direction,
  FaultProxy,
  type FaultProxyOptions,
  type ProxyConnection,
  type SilenceOptions,
  type Target,
} from './fault-proxy/index.js';
