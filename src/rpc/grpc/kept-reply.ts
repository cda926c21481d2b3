import type { Metadata, ServiceDefinition } from '@grpc/grpc-js';
import type { ResolvedCallOptions } from '../../core/call/index.js';
import { jsonCodec, type ResultCodec } from '../../core/once/index.js';

/** The metadata in which a client sends the key of a call that it may repeat. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** The client's key, if it sent one. */
export function idempotencyKeyIn(metadata: Metadata): string | undefined {
  const [key] = metadata.get(IDEMPOTENCY_KEY);
  return typeof key === 'string' ? key : undefined;
}

/** How a method's responses are kept: as they are on the wire, when its definition is known. */
export function responseCodec(method: ServiceDefinition[string]): ResultCodec {
  return {
    encode: (message) => method.responseSerialize(message as object),
    decode: (bytes) => method.responseDeserialize(Buffer.from(bytes)),
  };
}

/** Options that keep the message of a result, where the result is more than its message. */
export function keepingMessage<R>(
  options: ResolvedCallOptions,
  messageOf: (result: R) => unknown,
  resultOf: (message: unknown) => R,
): ResolvedCallOptions {
  const { exactlyOnce } = options;
  if (exactlyOnce === undefined) return options;
  const { codec = jsonCodec } = exactlyOnce;
  const kept: ResultCodec = {
    encode: (result) => codec.encode(messageOf(result as R)),
    decode: (bytes) => resultOf(codec.decode(bytes)),
  };
  return { ...options, exactlyOnce: { ...exactlyOnce, codec: kept } };
}
