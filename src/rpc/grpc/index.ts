/**
 * gRPC servers on `@grpc/grpc-js`: an interceptor that makes every method a call, and handlers that are
 * async functions.
 *
 * @module
 */
export { type DrainOptions, drain } from './drain.js';
export { type FailureDetails, failureDetails } from './failure-details.js';
export { freshConnections } from './fresh-connections.js';
export { handlers } from './handlers.js';
export { type HealthOptions, type HealthStatuses, serveHealth } from './health.js';
export type { FreshConnectionsOptions, HandlersOptions } from './method-plan.js';
export { freshMiddleware, type NiceCall, type NiceContext, type NiceMiddleware } from './nice-grpc.js';
