import { show } from '../../core/process/check-options.js';
import { unknownMethod } from './application-exception.js';
import { declaredExceptions } from './declared-exceptions.js';
import {
  clientClassOf,
  type GeneratedProcess,
  type GeneratedProcessor,
  type GeneratedService,
  type HandlerOf,
  methodNames,
  processName,
  processorClassOf,
  qualifiedName,
} from './generated-service.js';
import { type ArgumentsReceiver, argumentsReceiver } from './invocation.js';
import type { Method } from './method.js';
import { type ProcessorOptions, resolveProcessorOptions } from './options.js';
import { FieldType, type ServerProtocol } from './protocol.js';
import { readMessage } from './read-message.js';
import { type Message, Reply } from './reply.js';
import { engineOptions } from './serve-call.js';

/** What Thrift's servers give messages to. */
export interface ThriftProcessor {
  process(input: ServerProtocol, output: ServerProtocol): void;
}

/**
 * A processor whose every method is a call. `thrift.createServer`, `createMultiplexServer` and
 * `MultiplexedProcessor.registerProcessor` take it: it is both a processor and its own constructor.
 */
export interface FreshProcessor extends ThriftProcessor {
  new (handler?: unknown): ThriftProcessor;
}

const OWNER = 'freshProcessor';

/**
 * A processor for a generated service whose every method is a call: stale connections are dropped before and
 * after it, it has a deadline, what can be repaired safely is repaired, and whatever the handler does, the
 * client gets one reply, without the text of any driver in it. Methods may be in promise style or in callback
 * style, with any number of parameters; no decorator is needed.
 *
 * ```ts
 * const processor = freshProcessor(AccountService, new AccountHandler(), {
 *   as: thriftException(ttypes.ServiceException),
 *   timeoutMs: 5_000,
 *   methods: { balance: { idempotent: true } },
 * });
 * const server = thrift.createServer(processor, undefined, { transport, protocol });
 * ```
 *
 * A failure becomes the exception that `options.as` makes of it, when the method declares that one; otherwise
 * a TApplicationException with the text `STATUS REASON: message (call ID)`.
 *
 * Generated code that asks thrift for Q, which the library no longer has, works: what needs it is never run.
 *
 * @param service the generated module of the service, or its class Processor. Exceptions of a second copy of the
 * generated code are recognised when it is the module.
 * @param handler an object with the service's methods; they run with it as `this`.
 * @param options defaults for all methods, and under `methods` what differs in some.
 * @throws TypeError when the handler lacks a method; TypeError or RangeError for a bad option.
 */
export function freshProcessor<S extends GeneratedService>(
  service: S,
  handler: HandlerOf<NoInfer<S>>,
  options: ProcessorOptions<NoInfer<S>> = {},
): FreshProcessor {
  const Processor = processorClassOf(OWNER, service);
  const names = methodNames(Processor);
  requireMethods(handler, names);
  const { byMethod, maxElements } = resolveProcessorOptions(OWNER, names, options);
  const methods = new Map<string, Method>();
  for (const [name, resolved] of byMethod) {
    methods.set(name, {
      name,
      qualified: qualifiedName(Processor, name),
      options: resolved,
      engine: engineOptions(resolved),
      declared: declaredExceptions(clientClassOf(service), name),
    });
  }
  const receiver = argumentsReceiver(handler, methods.values());
  return constructible(processWith(new Processor(receiver.handler), receiver, methods, maxElements), handler);
}

function requireMethods(handler: object, names: readonly string[]): void {
  if (typeof handler !== 'object' || handler === null) {
    throw new TypeError(
      `${OWNER}: the handler must be an object with the service's methods, got ${show(handler)}`,
    );
  }
  for (const name of names) {
    if (typeof (handler as Record<string, unknown>)[name] !== 'function') {
      throw new TypeError(
        `${OWNER}: the handler has no method ${name}(); the service has ${names.join(', ')}`,
      );
    }
  }
}

type Process = FreshProcessor['process'];

function processWith(
  generated: GeneratedProcessor,
  receiver: ArgumentsReceiver,
  methods: ReadonlyMap<string, Method>,
  maxElements: number,
): Process {
  const processes = generated as unknown as Record<string, GeneratedProcess>;
  return (input, output) =>
    readMessage(input, maxElements, ({ name, seqid, oneway }) => {
      const method = methods.get(name);
      const message = { name, method: method?.qualified ?? name, seqid, oneway, output };
      if (method === undefined) return refuseUnknown(input, message);
      const reply = new Reply(message);
      receiver.arrival = { message, reply };
      processes[processName(name)]?.(seqid, input, reply.output);
    });
}

function refuseUnknown(input: ServerProtocol, message: Message): void {
  input.skip(FieldType.STRUCT);
  input.readMessageEnd();
  new Reply(message).refuse(unknownMethod(message.name));
}

/** `createServer` wants a class that it can give a handler; the handler is known already. */
function constructible(process: Process, handler: object): FreshProcessor {
  const processor = function FreshProcessor(other?: unknown): unknown {
    if (other !== undefined && other !== handler) {
      throw new TypeError(
        `${OWNER}: this processor has its handler already; give createServer the same one or undefined`,
      );
    }
    return processor;
  };
  return Object.assign(processor, { process }) as unknown as FreshProcessor;
}
