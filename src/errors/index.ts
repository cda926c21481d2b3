export { type Failure, failureOf, type Outcome, recordFailure, UNCLASSIFIED } from './failure.js';
export { Reason, type ReasonCode } from './reason.js';
export { ServiceException, type ServiceExceptionOptions } from './service-exception.js';
export { type FailureStatus, Status, type StatusCode, type StatusName } from './status.js';
