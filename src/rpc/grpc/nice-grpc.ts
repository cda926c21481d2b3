import { type Caller, run } from '../../core/call/index.js';
import { generate } from '../../core/decorate/generate.js';
import { meantForClients } from './error-behind.js';
import { failureName, StatusException } from './grpc-status.js';
import { IDEMPOTENCY_KEY } from './kept-reply.js';
import { type FreshConnectionsOptions, type PlannedMethod, planner } from './method-plan.js';
import { statusOf } from './status-of.js';

/** The part of nice-grpc's call context that is needed. */
export interface NiceContext {
  readonly signal: AbortSignal;
  readonly metadata: { get(key: string): string | Uint8Array | undefined };
  readonly trailer: { set(key: string, value: string | Uint8Array): unknown };
}

/** The part of nice-grpc's middleware call that is needed. */
export interface NiceCall<Request, Response, Context> {
  readonly method: PlannedMethod;
  readonly request: Request | AsyncIterable<Request>;
  next(
    request: Request | AsyncIterable<Request>,
    context: Context,
  ): AsyncGenerator<Response, Response | void, undefined>;
}

/** A middleware for servers of nice-grpc. */
export type NiceMiddleware = <Request, Response, Context extends NiceContext>(
  call: NiceCall<Request, Response, Context>,
  context: Context,
) => AsyncGenerator<Response, Response | void, undefined>;

/**
 * A middleware that makes every method of a nice-grpc server a call, as {@link freshConnections} does for
 * grpc-js. The caller's deadline reaches it as a cancellation: nice-grpc keeps it to itself. A `ServerError`
 * of a handler passes as it is.
 *
 * ```ts
 * createServer().use(freshMiddleware()).add(AccountServiceDefinition, new AccountHandler());
 * ```
 *
 * @throws TypeError or RangeError that names option and value.
 */
export function freshMiddleware(options: FreshConnectionsOptions = {}): NiceMiddleware {
  const { services, ...others } = options;
  const planFor = planner('freshMiddleware', others, services);
  return async function* (call, context) {
    const { name, responseStream, options } = planFor(call.method);
    const { signal } = context;
    try {
      if (!responseStream) return await run(name, options, () => answer(call, context), asked(call, context));
      yield* generate(name, options, () => messages(call, context), { signal });
    } catch (error) {
      throw serverError(error, context);
    }
  };
}

function asked(call: { method: PlannedMethod; request: unknown }, { signal, metadata }: NiceContext): Caller {
  const key = metadata.get(IDEMPOTENCY_KEY);
  const args = call.method.requestStream ? [] : [call.request];
  return { signal, args, idempotencyKey: typeof key === 'string' ? key : undefined };
}

/** A unary or client stream method returns its answer, and yields nothing. */
async function answer<Request, Response, Context>(
  call: NiceCall<Request, Response, Context>,
  context: Context,
): Promise<Response | void> {
  try {
    const { value } = await call.next(call.request, context).next();
    return value;
  } catch (error) {
    throw translated(error);
  }
}

async function* messages<Request, Response, Context>(
  call: NiceCall<Request, Response, Context>,
  context: Context,
): AsyncGenerator<Response, void, undefined> {
  try {
    yield* call.next(call.request, context);
  } catch (error) {
    throw translated(error);
  }
}

/** Brand of nice-grpc's ServerError: the application may have another copy of the package. */
const SERVER_ERROR = '@@nice-grpc:ServerError';

/** An author's ServerError as an exception that passes; an error as it is. */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !(SERVER_ERROR in error)) return meantForClients(error);
  const { code, details } = error as { code?: unknown; details?: unknown };
  const status = failureName(code);
  return status === undefined ? error : new StatusException(status, String(details), undefined);
}

/** What nice-grpc takes for one of its own; the details go into the trailers. */
function serverError(thrown: unknown, { trailer }: NiceContext): Error {
  const { code, details, metadata } = statusOf(thrown);
  for (const key of Object.keys(metadata?.getMap() ?? {})) {
    for (const value of metadata?.get(key) ?? []) trailer.set(key, value);
  }
  return Object.assign(new Error(details), { name: 'ServerError', code, details, [SERVER_ERROR]: true });
}
