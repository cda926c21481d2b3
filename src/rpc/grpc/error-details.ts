import { bytesField, numberField, readFields, type WireFields } from './protobuf-wire.js';

/** The domain of the reasons that this toolkit gives, and of those of a handler's own exceptions. */
export const ERROR_DOMAIN = 'fresh-connections';

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** `google.rpc.ErrorInfo`. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `google.rpc.Status`, with the two details that this toolkit sends. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly info: ErrorInfo | undefined;
  /** The delay of `google.rpc.RetryInfo`, a whole number of milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** The content of the trailer `grpc-status-details-bin`. */
export function encodeRpcStatus({ code, message, info, retryAfterMs }: RpcStatus): Buffer {
  const details = [
    ...(info === undefined ? [] : [any(ERROR_INFO, errorInfo(info))]),
    ...(retryAfterMs === undefined ? [] : [any(RETRY_INFO, retryInfo(retryAfterMs))]),
  ];
  return Buffer.concat([
    numberField(1, code),
    bytesField(2, message),
    ...details.map((detail) => bytesField(3, detail)),
  ]);
}

function any(type: string, value: Buffer): Buffer {
  return Buffer.concat([bytesField(1, type), bytesField(2, value)]);
}

function errorInfo({ reason, domain, metadata }: ErrorInfo): Buffer {
  const entries = Object.entries(metadata);
  const encoded = entries.map(([key, value]) => Buffer.concat([bytesField(1, key), bytesField(2, value)]));
  return Buffer.concat([
    bytesField(1, reason),
    bytesField(2, domain),
    ...encoded.map((entry) => bytesField(3, entry)),
  ]);
}

function retryInfo(ms: number): Buffer {
  const duration = [numberField(1, Math.floor(ms / 1000)), numberField(2, (ms % 1000) * 1_000_000)];
  return bytesField(1, Buffer.concat(duration));
}

/**
 * Reads the trailer again; details of other kinds are left out.
 *
 * @throws RangeError when it is no message.
 */
export function decodeRpcStatus(bytes: Uint8Array): RpcStatus {
  const status = readFields(bytes);
  const details = (status.bytes.get(3) ?? []).map(readFields);
  const info = details.find((detail) => text(detail, 1) === ERROR_INFO);
  const retry = details.find((detail) => text(detail, 1) === RETRY_INFO);
  return {
    code: status.numbers.get(1) ?? 0,
    message: text(status, 2),
    info: info === undefined ? undefined : readErrorInfo(readFields(value(info, 2))),
    retryAfterMs: retry === undefined ? undefined : readDelay(readFields(value(retry, 2))),
  };
}

function readErrorInfo(info: WireFields): ErrorInfo {
  const entries = (info.bytes.get(3) ?? []).map(readFields);
  const metadata = Object.fromEntries(entries.map((entry) => [text(entry, 1), text(entry, 2)]));
  return { reason: text(info, 1), domain: text(info, 2), metadata };
}

function readDelay(retry: WireFields): number {
  const { numbers } = readFields(value(retry, 1));
  return (numbers.get(1) ?? 0) * 1000 + Math.round((numbers.get(2) ?? 0) / 1_000_000);
}

function value(fields: WireFields, field: number): Buffer {
  return fields.bytes.get(field)?.at(-1) ?? Buffer.alloc(0);
}

function text(fields: WireFields, field: number): string {
  return value(fields, field).toString();
}
