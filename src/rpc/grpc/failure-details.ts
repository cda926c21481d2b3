import type { Metadata } from '@grpc/grpc-js';
import type { Outcome } from '../../errors/index.js';
import { decodeRpcStatus, ERROR_DOMAIN, type RpcStatus } from './error-details.js';
import { DETAILS_TRAILER } from './status-of.js';

/** What a server with fresh-connections tells of a failure beside status and message. */
export interface FailureDetails {
  /** Stable, machine-readable code such as `'CONNECTION_LOST'`. */
  readonly reason: string;
  /** Whether the call had an effect. */
  readonly outcome: Outcome;
  /** Under which the server's log holds the cause. */
  readonly callId: string;
  /** How long to wait before the call is repeated, in milliseconds; `undefined` when the server did not say. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Reads the details of a failure, on the client's side.
 *
 * @param error the ServiceError of a grpc-js client.
 * @returns `undefined` when the failure was not sent by fresh-connections.
 */
export function failureDetails(error: unknown): FailureDetails | undefined {
  const status = rpcStatus(error);
  if (status?.info === undefined || status.info.domain !== ERROR_DOMAIN) return undefined;
  const { reason, metadata } = status.info;
  const outcome = metadata.outcome === 'none' ? 'none' : 'unknown';
  return { reason, outcome, callId: metadata.callId ?? '', retryAfterMs: status.retryAfterMs };
}

function rpcStatus(error: unknown): RpcStatus | undefined {
  const { metadata } = (error ?? {}) as { metadata?: Partial<Metadata> };
  const trailer = metadata?.get?.(DETAILS_TRAILER)[0];
  if (!(trailer instanceof Uint8Array)) return undefined;
  try {
    return decodeRpcStatus(trailer);
  } catch {
    return undefined;
  }
}
