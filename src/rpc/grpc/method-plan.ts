import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type CallOptions, type ResolvedCallOptions, resolveCallOptions } from '../../core/call/index.js';
import { show, typedOption } from '../../core/process/check-options.js';
import { responseCodec } from './kept-reply.js';

/** Options of {@link handlers}: those of a call, for all methods and for single ones. */
export interface HandlersOptions extends CallOptions {
  /**
   * Options of single methods, by path (`'/pkg.Service/Method'`) or by name (`'Method'`). The path wins over
   * the name, the name over what the service definition declares, that over the options for all.
   */
  readonly methods?: Readonly<Record<string, CallOptions>>;
}

/** Options of {@link freshConnections}. */
export interface FreshConnectionsOptions extends HandlersOptions {
  /**
   * Service definitions whose `idempotency_level` declares methods idempotent: an interceptor is not shown
   * the options of a method. Default: none.
   */
  readonly services?: readonly ServiceDefinition[];
}

/** What is known of a method before it is called. */
export interface MethodPlan {
  /** `'pkg.Service/Method'`: the name in logs and traces. */
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly options: ResolvedCallOptions;
}

/** The part of a method's definition that a plan needs. */
export interface PlannedMethod
  extends Pick<MethodDefinition<unknown, unknown>, 'path' | 'requestStream' | 'responseStream'> {
  /** What the proto file declares; grpc-js' interceptors are not shown it. */
  readonly options?: object | undefined;
}

/**
 * Checks options once, and makes the plan of a method when it is first called.
 *
 * @param owner who was given the options, for the message.
 * @param services the definitions that declare idempotence.
 * @throws TypeError or RangeError that names option and value.
 */
export function planner(
  owner: string,
  options: HandlersOptions,
  services: readonly ServiceDefinition[] = [],
): (method: PlannedMethod) => MethodPlan {
  resolveCallOptions(owner, options, ['methods']);
  const { methods = {}, ...forAll } = options;
  checkMethods(owner, methods);
  const declared = declaredIdempotence(owner, services, methods);
  const definitions = definitionsByPath(services);
  const plans = new Map<string, MethodPlan>();

  const plan = (method: PlannedMethod): MethodPlan => {
    const { path, requestStream, responseStream } = method;
    const idempotent = declared.get(path) ?? (isIdempotent(method) || undefined);
    const own: CallOptions = {
      ...forAll,
      ...(idempotent === undefined ? {} : { idempotent }),
      ...methods[path.slice(path.lastIndexOf('/') + 1)],
      ...methods[path],
    };
    const resolved = keptAsResponses(resolveCallOptions(owner, own), definitions.get(path));
    if (resolved.exactlyOnce !== undefined && responseStream) {
      throw new TypeError(`${owner}: exactlyOnce is for methods with one response; ${path} sends a stream`);
    }
    // What a handler has taken from a stream cannot be put back: it is not run again as a whole.
    const repeats = resolved.idempotent && !requestStream;
    return {
      name: path.slice(1),
      requestStream,
      responseStream,
      options: { ...resolved, idempotent: repeats },
    };
  };
  return (method) => {
    const known = plans.get(method.path);
    if (known !== undefined) return known;
    const made = plan(method);
    plans.set(method.path, made);
    return made;
  };
}

function definitionsByPath(
  services: readonly ServiceDefinition[],
): ReadonlyMap<string, ServiceDefinition[string]> {
  return new Map(
    services.flatMap((service) =>
      Object.values<ServiceDefinition[string]>(service).map((method) => [method.path, method] as const),
    ),
  );
}

/** Responses under idempotency keys are kept as they are on the wire, unless the options say otherwise. */
function keptAsResponses(
  options: ResolvedCallOptions,
  definition: ServiceDefinition[string] | undefined,
): ResolvedCallOptions {
  const { exactlyOnce } = options;
  if (exactlyOnce === undefined || exactlyOnce.codec !== undefined || definition === undefined)
    return options;
  return { ...options, exactlyOnce: { ...exactlyOnce, codec: responseCodec(definition) } };
}

const PATH = /^\/[\w.]+\/\w+$/;
const NAME = /^\w+$/;

function checkMethods(owner: string, methods: HandlersOptions['methods']): void {
  typedOption(owner, 'methods', methods, 'object');
  for (const [key, options] of Object.entries(methods ?? {})) {
    if (!PATH.test(key) && !NAME.test(key)) {
      throw new TypeError(`${owner}: methods: ${show(key)} is neither '/pkg.Service/Method' nor 'Method'`);
    }
    resolveCallOptions(`${owner}: methods[${show(key)}]`, options);
  }
}

/** Paths and whether they are idempotent; a method whose definition does not say is absent. */
function declaredIdempotence(
  owner: string,
  services: readonly ServiceDefinition[],
  methods: Readonly<Record<string, CallOptions>>,
): ReadonlyMap<string, boolean> {
  if (!Array.isArray(services))
    throw new TypeError(`${owner}: services must be an array, got ${show(services)}`);
  const paths = new Set(
    services.flatMap((service, index) => pathsOf(`${owner}: services[${index}]`, service)),
  );
  refuseUnknownPaths(owner, paths, methods);
  const declared = services.flatMap((service) =>
    Object.values<ServiceDefinition[string]>(service).flatMap((method) =>
      isIdempotent(method) ? [[method.path, true] as const] : [],
    ),
  );
  return new Map(declared);
}

/** @throws TypeError when it is no service definition. */
export function pathsOf(owner: string, service: ServiceDefinition): string[] {
  const methods = typeof service === 'object' && service !== null ? Object.values(service) : [];
  if (methods.length === 0 || !methods.every((method) => typeof method?.path === 'string')) {
    const hint = typeof service === 'function' ? '; pass its .service' : '';
    throw new TypeError(`${owner} must be a service definition, got ${show(service)}${hint}`);
  }
  return methods.map((method) => method.path);
}

/** A path into a known service that this service does not have is a misspelling. */
function refuseUnknownPaths(
  owner: string,
  paths: ReadonlySet<string>,
  methods: Readonly<Record<string, unknown>>,
): void {
  const services = new Set([...paths].map((path) => path.slice(0, path.lastIndexOf('/'))));
  for (const key of Object.keys(methods)) {
    if (services.has(key.slice(0, key.lastIndexOf('/'))) && !paths.has(key)) {
      throw new TypeError(`${owner}: methods: the service has no method ${show(key)}`);
    }
  }
}

/** proto-loader keeps the options of a method, under the names of the proto file; ts-proto has its own. */
function isIdempotent({ options }: PlannedMethod): boolean {
  const { idempotency_level, idempotencyLevel } = (options ?? {}) as Record<string, unknown>;
  const level = idempotency_level ?? idempotencyLevel;
  return level === 'NO_SIDE_EFFECTS' || level === 'IDEMPOTENT';
}
