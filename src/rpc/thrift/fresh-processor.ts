import { show } from '../../core/process/check-options.js';
import { unknownMethod } from './application-exception.js';
import {
  type GeneratedProcess,
  type GeneratedProcessorClass,
  type GeneratedService,
  type HandlerOf,
  methodNames,
  processName,
  processorClassOf,
  qualifiedName,
} from './generated-service.js';
import { type InvocationClass, invocationClass } from './invocation.js';
import { type ProcessorOptions, resolveProcessorOptions } from './options.js';
import { FieldType, MessageType, type ServerProtocol } from './protocol.js';
import { type Message, Reply } from './reply.js';
import type { Method } from './serve-call.js';

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
 * @param service the generated module of the service, or its class Processor.
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
  const methods = new Map<string, Method>();
  for (const [name, resolved] of resolveProcessorOptions(OWNER, names, options)) {
    methods.set(name, { name, qualified: qualifiedName(Processor, name), options: resolved });
  }
  const Invocation = invocationClass(handler, methods.values());
  return constructible(processWith(Processor, Invocation, methods), handler);
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

/** Reads a message, synchronously to its last byte: Thrift's servers go on to the next one at once. */
function processWith(
  Processor: GeneratedProcessorClass,
  Invocation: InvocationClass,
  methods: ReadonlyMap<string, Method>,
): Process {
  return (input, output) => {
    const { fname: name, mtype, rseqid: seqid } = input.readMessageBegin();
    if (mtype !== MessageType.CALL && mtype !== MessageType.ONEWAY) {
      throw new TypeError(`a client sent a message of type ${mtype}`);
    }
    const method = methods.get(name);
    const message = {
      name,
      method: method?.qualified ?? name,
      seqid,
      oneway: mtype === MessageType.ONEWAY,
      output,
    };
    if (method === undefined) return refuseUnknown(input, message);
    const reply = new Reply(message);
    const generated = new Processor(new Invocation({ message, reply }));
    (generated as unknown as Record<string, GeneratedProcess>)[processName(name)]?.(
      seqid,
      input,
      reply.output,
    );
  };
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
