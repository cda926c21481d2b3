import { Metadata } from '@grpc/grpc-js';
import { errorFields, logger } from '../../core/process/logger.js';
import { failureOf, ServiceException, Status } from '../../errors/index.js';
import { ERROR_DOMAIN, encodeRpcStatus } from './error-details.js';
import { type GrpcStatus, type PassedStatus, StatusException, statusException } from './grpc-status.js';
import { wellFormed, withinBytes } from './wire-text.js';

/** All that a client is told of an error that nobody meant it to see. */
export const MASKED: GrpcStatus = { code: Status.INTERNAL, details: 'internal error' };

/** Names of the trailers, as google.rpc.Status and gRFC A6 define them. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';
const PUSHBACK_TRAILER = 'grpc-retry-pushback-ms';

/** A header list of about 64 KB hangs the client; these bounds keep ours under 4 KB. */
const MAX_DETAILS_BYTES = 1024;
const MAX_REASON_BYTES = 128;
const MAX_PUSHBACK_MS = 2 ** 31 - 1;

const sources: WeakMap<Metadata, ServiceException> = new WeakMap();

/** The status that leaves for what a call threw. */
export function statusOf(thrown: unknown): GrpcStatus {
  const exception = thrown instanceof ServiceException ? thrown : statusException(thrown);
  if (exception === undefined) {
    logger().error(
      errorFields(thrown, failureOf(thrown) !== undefined),
      'a call threw what is no exception of gRPC',
    );
    return statusOf(new ServiceException('INTERNAL', MASKED.details));
  }
  const details = withinBytes(exception.message, MAX_DETAILS_BYTES, percentEncodedBytes);
  if (exception instanceof StatusException) {
    return { code: exception.code, details, ...(exception.metadata && { metadata: exception.metadata }) };
  }
  const metadata = trailersOf(exception, details);
  sources.set(metadata, exception);
  return { code: exception.code, details, metadata };
}

/**
 * The exception that a status was made of by {@link statusOf}: `handlers()` inside the interceptor loses
 * nothing on the way through grpc-js, which hands the metadata on as the object it is.
 */
export function exceptionBehind(status: Pick<PassedStatus, 'metadata'>): ServiceException | undefined {
  return status.metadata === null || status.metadata === undefined ? undefined : sources.get(status.metadata);
}

function trailersOf(exception: ServiceException, message: string): Metadata {
  const { code, outcome, callId, retryable } = exception;
  const reason = withinBytes(exception.reason, MAX_REASON_BYTES, Buffer.byteLength);
  const retryAfterMs = delayOf(exception);
  const info = { reason, domain: ERROR_DOMAIN, metadata: { outcome, callId: wellFormed(callId) } };
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, encodeRpcStatus({ code, message, info, retryAfterMs }));
  // Without it a client's retryPolicy goes by the status alone, and repeats a write whose outcome is unknown.
  if (!retryable) metadata.set(PUSHBACK_TRAILER, '-1');
  else if (retryAfterMs !== undefined) metadata.set(PUSHBACK_TRAILER, String(retryAfterMs));
  return metadata;
}

/** A whole number, which is all that clients take. */
function delayOf({ retryAfterMs }: ServiceException): number | undefined {
  if (retryAfterMs === undefined || !(retryAfterMs >= 0)) return undefined;
  return Math.min(MAX_PUSHBACK_MS, Math.ceil(retryAfterMs));
}

/** The size of the trailer `grpc-message`. */
function percentEncodedBytes(text: string): number {
  return encodeURI(text).length;
}
