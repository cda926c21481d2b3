export type { HandlerClass, HandlerMethod } from './method.js';
export { type SkipDecorator, skipFreshConnections } from './skip-fresh-connections.js';
export { type FreshConnectionsDecorator, withFreshConnections } from './with-fresh-connections.js';
export { optionsOf, originalOf } from './wrap.js';
