export { EmbeddedServer, type EmbeddedServerOptions } from './server/embedded-server.js';
