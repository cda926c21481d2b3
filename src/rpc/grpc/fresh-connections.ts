import type { ServerInterceptor } from '@grpc/grpc-js';
import { resolveCallOptions } from '../../core/call/index.js';
import { messageOf, replyOf } from './attempt.js';
import { FreshCall } from './fresh-call.js';
import { keepingMessage } from './kept-reply.js';
import { type FreshConnectionsOptions, type MethodPlan, type PlannedMethod, planner } from './method-plan.js';
import { watchHandler } from './raw-handler.js';

/**
 * A server interceptor that makes every method a call, without decorators: the caller's deadline and
 * cancellation are the call's, a failed unary call of an idempotent method is run again, and what fails in
 * the end leaves as a status that is safe to show.
 *
 * ```ts
 * new Server({ interceptors: [freshConnections({ services: [proto.AccountService.service] })] });
 * ```
 *
 * What a client is told of a handler's failure: a `ServiceException` as it is; a plain status object
 * (`callback({ code: status.NOT_FOUND, details: 'no such account' })`, not an `Error`) as it is; the verdict
 * of a resource on its driver's error, in words of this toolkit; of any other error `INTERNAL` and nothing
 * else, even if it carries a `code`, because errors of upstream clients do so too and name hosts. It may stand
 * anywhere among other interceptors.
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function freshConnections(options: FreshConnectionsOptions = {}): ServerInterceptor {
  resolveCallOptions('freshConnections', options, ['methods', 'services']);
  const { services, ...others } = options;
  const planFor = planner('freshConnections', others, services);
  const plans = new Map<string, MethodPlan>();
  const replying = (method: PlannedMethod): MethodPlan => {
    const known = plans.get(method.path);
    if (known !== undefined) return known;
    const plan = planFor(method);
    const made = { ...plan, options: keepingMessage(plan.options, messageOf, replyOf) };
    plans.set(method.path, made);
    return made;
  };
  return (method, call) => new FreshCall(call, replying(method), watchHandler(call));
}
