import { show } from '../../core/process/check-options.js';
import type { ClientMethods } from './generated-methods.js';
import type { HandlerMethod } from './invoke-handler.js';
import type { ServerProtocol } from './protocol.js';

/** An instance of a generated Processor. */
export interface GeneratedProcessor {
  process(input: ServerProtocol, output: ServerProtocol): void;
}

/** A generated function that reads the arguments of a method and calls the handler. */
export type GeneratedProcess = (seqid: number, input: ServerProtocol, output: ServerProtocol) => void;

/** A generated class Processor. */
export type GeneratedProcessorClass = new (handler: object) => GeneratedProcessor;

/** What the compiler generates for a service: its module, or the class Processor in it. */
export type GeneratedService = GeneratedProcessorClass | { readonly Processor: GeneratedProcessorClass };

type ProcessorOf<S> = S extends { readonly Processor: new (handler: object) => infer P }
  ? P
  : S extends new (
        handler: object,
      ) => infer P
    ? P
    : never;

/** The names of a service's methods, those of the services it extends included. */
export type MethodOf<S> = {
  [K in keyof ProcessorOf<S>]: K extends `process_${infer M}` ? M : never;
}[keyof ProcessorOf<S>];

/**
 * A handler of the service: an object that has all its methods, each in promise style, in callback style or
 * synchronous. Their types are those of the generated class Client; of a class Processor alone only the names
 * are known.
 */
export type HandlerOf<S> = {
  readonly [M in MethodOf<S>]: HandlerMethodOf<M extends MethodName<S> ? ClientMethods<S>[M] : unknown>;
};

type MethodName<S> = keyof ClientMethods<S>;

/** Fewer parameters are as good, as everywhere in TypeScript. */
type HandlerMethodOf<F> = [F] extends [(...args: infer A) => Promise<infer R>]
  ? (...args: [...A, callback: HandlerCallback<R>]) => ResultOf<R> | PromiseLike<ResultOf<R>> | void
  : HandlerMethod;

/** How a method in callback style answers. */
export type HandlerCallback<R> = (error?: unknown, result?: ResultOf<R>) => void;

/** Where the IDL has an i64, a number goes as well. */
type ResultOf<R> = R extends { toOctetString(separator?: string): string }
  ? R | number
  : R extends readonly (infer E)[]
    ? readonly ResultOf<E>[]
    : R;

/** @throws TypeError when it is no generated service. */
export function processorClassOf(owner: string, service: GeneratedService): GeneratedProcessorClass {
  const found: unknown =
    typeof service === 'function' && !('Processor' in service) ? service : service?.Processor;
  if (typeof found !== 'function' || typeof found.prototype?.process !== 'function') {
    throw new TypeError(
      `${owner}: expected a generated Processor, or the module that has it, got ${show(service)}`,
    );
  }
  return found as GeneratedProcessorClass;
}

/** The class Client of the same service, when the module was given. */
export function clientClassOf(service: GeneratedService): unknown {
  return 'Client' in service ? service.Client : undefined;
}

const PREFIX = 'process_';

/** The name of the {@link GeneratedProcess} of a method. */
export function processName(method: string): string {
  return PREFIX + method;
}

/** The names of a service's methods, those of the services it extends included. */
export function methodNames(Processor: GeneratedProcessorClass): readonly string[] {
  const names = new Set<string>();
  for (let level = Processor.prototype; level !== null && level !== Object.prototype; level = parent(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name.startsWith(PREFIX)) names.add(name.slice(PREFIX.length));
    }
  }
  return [...names];
}

function parent(prototype: object): object | null {
  return Object.getPrototypeOf(prototype);
}

/**
 * `Service.method`, for logs and traces. A generated Processor has no name; the service's name is found only
 * in the names of the classes that its code uses. Minified code has lost it: then it is the method alone.
 */
export function qualifiedName(Processor: GeneratedProcessorClass, method: string): string {
  const source = String((Processor.prototype as unknown as Record<string, unknown>)[processName(method)]);
  const service = source.match(/\bnew (\w+?)_\w+_args\b/)?.[1];
  return service === undefined || !source.includes(`new ${service}_${method}_args`)
    ? method
    : `${service}.${method}`;
}
