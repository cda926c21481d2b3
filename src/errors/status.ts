/**
 * The canonical statuses and their numbers, as google.rpc.Code and grpc-js define them.
 */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The name of a canonical status, `'UNAVAILABLE'` for example. */
export type StatusName = keyof typeof Status;

/** The number of a canonical status, 0 to 16. */
export type StatusCode = (typeof Status)[StatusName];

/** The status of a failure: every status but `'OK'`. */
export type FailureStatus = Exclude<StatusName, 'OK'>;
