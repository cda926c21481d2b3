import type { ServiceDefinition, UntypedHandleCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { show } from '../../core/process/check-options.js';
import { answering } from './answering-handler.js';
import type { AnyHandler } from './handler-style.js';
import { type HandlersOptions, pathsOf, planner } from './method-plan.js';
import { streaming } from './streaming-handler.js';

/**
 * An implementation for `server.addService()` from an object whose methods are async functions.
 *
 * ```ts
 * server.addService(service, handlers(service, new AccountHandler()));
 * ```
 *
 * | method | async style | style of grpc-js |
 * |---|---|---|
 * | unary | `async (request, call) => response` | `(call, callback)` |
 * | client stream | `async (requests, call) => response` | `(call, callback)` |
 * | server stream | `async *(request, call)` | `(call)` |
 * | bidi | `async *(requests, call)` | `(call)` |
 *
 * `async` tells the one style from the other, and for answers a single parameter does too: an ordinary
 * function with two is of grpc-js' style. Methods keep `this` and may be named as in the proto file or in
 * camel case. Each invocation is a call: inside the interceptor {@link freshConnections} an inner one, which
 * adds its options. What fails, however it fails, is one status, of the same kind as the interceptor's.
 *
 * @throws TypeError that names the method when one has no handler, or an option that is wrong.
 */
export function handlers(
  definition: ServiceDefinition,
  instance: object,
  options: HandlersOptions = {},
): UntypedServiceImplementation {
  pathsOf('handlers: the definition', definition);
  if (typeof instance !== 'object' || instance === null) {
    throw new TypeError(`handlers: the instance must be an object, got ${show(instance)}`);
  }
  const planFor = planner('handlers', options, [definition]);
  const adapted = Object.entries(definition).map(([name, method]): [string, UntypedHandleCall] => {
    const handler = handlerFor(instance, name, method);
    const plan = planFor(method);
    return [
      name,
      method.responseStream ? streaming(plan, handler, instance) : answering(plan, handler, instance),
    ];
  });
  return Object.fromEntries(adapted);
}

function handlerFor(instance: object, name: string, method: ServiceDefinition[string]): AnyHandler {
  const proto = method.path.slice(method.path.lastIndexOf('/') + 1);
  const camel = method.originalName ?? `${proto.charAt(0).toLowerCase()}${proto.slice(1)}`;
  const names = [...new Set([camel, proto, name])];
  const found = names.map((candidate) => (instance as Record<string, unknown>)[candidate]).find(isPresent);
  if (typeof found !== 'function') {
    const owner = instance.constructor?.name ?? 'the instance';
    const what = found === undefined ? 'no handler' : 'something that is no function as handler';
    throw new TypeError(
      `handlers: ${owner} has ${what} for ${method.path}: expected a method ${names.join(' or ')}`,
    );
  }
  return found as AnyHandler;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
