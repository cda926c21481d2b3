import type { Outcome } from './failure.js';
import { type FailureStatus, Status, type StatusCode } from './status.js';

const BRAND: unique symbol = Symbol.for('fresh-connections.ServiceException');

/** What a {@link ServiceException} is made of beside its status and message. */
export interface ServiceExceptionOptions {
  /** Stable, machine-readable code. Default: the status. */
  readonly reason?: string;
  /** Whether the failed call had an effect. Default `'none'`: an author who refuses a call did nothing. */
  readonly outcome?: Outcome;
  /** Whether a client may repeat the call. Default `false`. */
  readonly retryable?: boolean;
  /** How long a client should wait before it repeats the call, in milliseconds. Default: not said. */
  readonly retryAfterMs?: number;
  /** The call's id, under which the log holds the cause. Default: empty; the call fills it in. */
  readonly callId?: string;
  /** The error behind it. Stays on the server: it reaches hooks and the logger, never a client. */
  readonly cause?: unknown;
}

/**
 * All that a client ever sees of an error: a canonical status, a message that is safe to show, and whether
 * the call had an effect. Thrown by a handler it reaches the client as it is.
 *
 * `instanceof` holds across the ESM and CommonJS copies of this package.
 *
 * @throws TypeError when the status is not a canonical one other than `'OK'`.
 */
export class ServiceException extends Error {
  override readonly name: string = 'ServiceException';
  /** The canonical status. */
  readonly status: FailureStatus;
  /** The status as a number, under the name that grpc-js reads. */
  readonly code: StatusCode;
  readonly reason: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  declare readonly retryAfterMs?: number;
  readonly callId: string;

  constructor(status: FailureStatus, message: string, options: ServiceExceptionOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const code = Object.hasOwn(Status, status) ? Status[status] : undefined;
    if (code === undefined || (code as StatusCode) === Status.OK) {
      throw new TypeError(
        `ServiceException: status must be a canonical one other than OK, got ${String(status)}`,
      );
    }
    this.status = status;
    this.code = code;
    this.reason = options.reason ?? status;
    this.outcome = options.outcome ?? 'none';
    this.retryable = options.retryable ?? false;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    this.callId = options.callId ?? '';
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass keeps the ordinary meaning of instanceof; only the class itself goes by the brand.
    if (this !== ServiceException) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
