export { type AttachedServer, attach } from './attach.js';
export type { AttachOptions } from './attach-options.js';
export { type FreshProcessor, freshProcessor, type ThriftProcessor } from './fresh-processor.js';
export type { GeneratedService, HandlerOf, MethodOf } from './generated-service.js';
export type { HandlerMethod } from './invoke-handler.js';
export type { ProcessorOptions } from './options.js';
export type { MessageHeader, ServerProtocol } from './protocol.js';
export {
  type ServiceExceptionClass,
  type ServiceExceptionFields,
  type ThriftExceptionConverter,
  thriftException,
} from './thrift-exception.js';
