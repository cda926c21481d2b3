import type { Metadata, ServerInterceptingCall, status } from '@grpc/grpc-js';
import { type FailureStatus, ServiceException, Status } from '../../errors/index.js';

/** A status as grpc-js passes it between interceptors. */
export type PassedStatus = Parameters<ServerInterceptingCall['sendStatus']>[0];

/** A status that leaves. */
export interface GrpcStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

const NAMES: readonly string[] = Object.keys(Status);

/** The name of a failure's code, 1 to 16; `undefined` for any other number. */
export function failureName(code: unknown): FailureStatus | undefined {
  if (typeof code !== 'number' || code === Status.OK) return undefined;
  return NAMES[code] as FailureStatus | undefined;
}

/**
 * A status that the handler's author spelt out, under way through the engine: it passes as it is, trailers
 * included, and is never a reason to run the handler again.
 */
export class StatusException extends ServiceException {
  readonly metadata: Metadata | undefined;

  constructor(status: FailureStatus, details: string, metadata: Metadata | undefined) {
    super(status, details);
    this.metadata = metadata;
  }
}

/**
 * The exception for a status object, `{ code, details | message, metadata? }`, that is no Error; `undefined`
 * for anything else. An Error does not count, whatever its `code`: a driver's or an upstream client's error
 * has one too.
 */
export function statusException(value: unknown): StatusException | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Error) return undefined;
  const { code, details, message, metadata } = value as Record<string, unknown>;
  const name = failureName(code);
  if (name === undefined) return undefined;
  const text = [details, message].find((candidate) => typeof candidate === 'string');
  return new StatusException(name, text ?? '', isMetadata(metadata) ? metadata : undefined);
}

/** By shape: the application may have another copy of grpc-js. */
export function isMetadata(value: unknown): value is Metadata {
  return typeof (value as Partial<Metadata> | null | undefined)?.toHttp2Headers === 'function';
}
