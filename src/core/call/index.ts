export { Call, type Checkout } from './call.js';
export type { ExceptionConverter } from './convert.js';
export { currentCall, inScopeOf } from './current-call.js';
export { addCallHooks, type CallHooks, type CallResult } from './hooks.js';
export {
  addsNothing,
  type CallOptions,
  type CallTransaction,
  type ResolvedCallOptions,
  type RunCallOptions,
  resolveCallOptions,
} from './options.js';
export {
  type Caller,
  closeCall,
  openCall,
  run,
  runCall,
  runOpened,
  settleOpened,
  type Work,
} from './run-call.js';
export type { CallTrace } from './tracing.js';
