import type { ReasonCode } from './reason.js';
import type { FailureStatus } from './status.js';

/**
 * What became of the failed work: `'none'` means that it surely had no effect (never written, refused, or
 * rolled back); `'unknown'` that it may have had one.
 */
export type Outcome = 'none' | 'unknown';

/** The verdict on an error, given by the resource that met it, where the facts are known. */
export interface Failure {
  /** The canonical status that a client is told. */
  readonly status: FailureStatus;
  /** The stable reason that a client is told. */
  readonly reason: ReasonCode;
  /** Whether the failed work had an effect. */
  readonly outcome: Outcome;
  /** Whether the same work may succeed if it is repeated. */
  readonly transient: boolean;
  /** Whether the connection is gone, or must go. */
  readonly fatal: boolean;
  /** How long a client should wait before it tries again, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The verdict on an error that no resource claimed: a bug, until somebody shows otherwise. */
export const UNCLASSIFIED: Failure = {
  status: 'INTERNAL',
  reason: 'INTERNAL',
  outcome: 'unknown',
  transient: false,
  fatal: false,
};

const VERDICTS: unique symbol = Symbol.for('fresh-connections.verdicts');

/** Verdicts of both module copies (ESM and CommonJS) live in one map. */
function verdicts(): WeakMap<object, Failure> {
  const holder = globalThis as { [VERDICTS]?: WeakMap<object, Failure> };
  holder[VERDICTS] ??= new WeakMap();
  return holder[VERDICTS];
}

/**
 * Records the verdict on an error, beside the error: the driver's error object stays as it is, so that
 * handlers and ORMs find in it what they look for.
 */
export function recordFailure<E>(error: E, failure: Failure): E {
  if (typeof error === 'object' && error !== null) verdicts().set(error, failure);
  return error;
}

/** ORMs wrap a driver's error: under `cause` (Drizzle), `original`, `parent` (Sequelize), `driverError` (TypeORM). */
const WRAPPERS = ['cause', 'original', 'parent', 'driverError'] as const;
const MAX_DEPTH = 8;

/**
 * The recorded verdict on an error or on the error it wraps.
 *
 * @returns `undefined` when no resource recorded one.
 */
export function failureOf(error: unknown): Failure | undefined {
  return find(error, MAX_DEPTH);
}

function find(error: unknown, depth: number): Failure | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  const recorded = verdicts().get(error);
  if (recorded !== undefined) return recorded;
  for (const key of WRAPPERS) {
    const inner = find((error as Record<string, unknown>)[key], depth - 1);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
