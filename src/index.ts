/**
 * Handlers of Thrift and gRPC services that never meet a dead database connection.
 *
 * @module
 */
export {
  addCallHooks,
  type Call,
  type CallHooks,
  type CallOptions,
  type CallResult,
  type CallTrace,
  type CallTransaction,
  type Checkout,
  currentCall,
  type ExceptionConverter,
  type RunCallOptions,
  runCall,
  type Work,
} from './core/call/index.js';
export {
  type FreshConnectionsDecorator,
  type HandlerClass,
  type HandlerMethod,
  type SkipDecorator,
  skipFreshConnections,
  withFreshConnections,
} from './core/decorate/index.js';
export {
  type ExactlyOnceOptions,
  type IdempotencyKey,
  jsonCodec,
  type ResultCodec,
} from './core/once/index.js';
export { type LogFields, type Logger, setLogger } from './core/process/logger.js';
export { closeOldConnections, connections, Registry } from './core/registry/registry.js';
export type { Health, IsolationLevel, Resource, TransactionOptions } from './core/registry/resource.js';
export {
  type Failure,
  type FailureStatus,
  failureOf,
  type Outcome,
  Reason,
  type ReasonCode,
  ServiceException,
  type ServiceExceptionOptions,
  Status,
  type StatusCode,
  type StatusName,
} from './errors/index.js';
