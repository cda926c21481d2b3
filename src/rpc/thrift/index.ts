export { type AttachedServer, attach } from './attach.js';
export type { AttachOptions } from './attach-options.js';
export { type FreshThriftClient, freshThriftClient } from './client/fresh-thrift-client.js';
export type { ClientMethodOptions, FreshThriftClientOptions } from './client/options.js';
export type { ThriftConnection } from './client/thrift-connection.js';
export { type FreshProcessor, freshProcessor, type ThriftProcessor } from './fresh-processor.js';
export type { ClientMethods, GeneratedClientModule } from './generated-methods.js';
export type { GeneratedService, HandlerCallback, HandlerOf, MethodOf } from './generated-service.js';
export type { HandlerMethod } from './invoke-handler.js';
export type { ProcessorOptions } from './options.js';
export type { MessageHeader, ServerProtocol } from './protocol.js';
export {
  type ServiceExceptionClass,
  type ServiceExceptionFields,
  type ThriftExceptionConverter,
  thriftException,
} from './thrift-exception.js';
