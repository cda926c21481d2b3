import { globalState } from '../process/global-state.js';

const MAX_TOKENS = 1000;
const TOKEN_RATIO = 0.1;

/**
 * The token bucket of gRPC's retryThrottling (gRFC A6), process-wide: each repeat costs a token, each success
 * earns a tenth, and below half of the bucket nothing is repeated. It stops a retry storm while everything
 * fails, and never shows in ordinary faults.
 */
export class RetryThrottle {
  #tokens = MAX_TOKENS;

  /** Takes a token for a repeat; `false` when repeats must stop for now. */
  take(): boolean {
    if (this.#tokens <= MAX_TOKENS / 2) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Notes a success. */
  refill(): void {
    if (this.#tokens < MAX_TOKENS) this.#tokens = Math.min(MAX_TOKENS, this.#tokens + TOKEN_RATIO);
  }
}

/** The throttle that all calls of the process share. */
export const retryThrottle: RetryThrottle = globalState('retryThrottle', () => new RetryThrottle());
