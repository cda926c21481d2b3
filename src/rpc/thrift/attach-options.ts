import { numberOption, refuseUnknownOptions } from '../../core/process/check-options.js';

/** Options of {@link attach}: how much one client, and all of them, may take of a server. */
export interface AttachOptions {
  /**
   * The longest message, in bytes. Default 16,384,000, as in the other Thrift libraries. npm thrift has a
   * limit of its own, `maxLength`, which has to be raised as well.
   */
  readonly maxFrameBytes?: number;
  /** How long a message may take from its first byte to its last, in milliseconds. Default 30 s. */
  readonly frameTimeoutMs?: number;
  /** How long a connection may be without a message and without a call in flight, in milliseconds. Default 1 h. */
  readonly idleTimeoutMs?: number;
  /** The most connections; further ones are closed at once. Default 10,000. */
  readonly maxConnections?: number;
  /**
   * The most bytes of messages that have not come to their end, over all connections. Beyond it the connection
   * that holds back the most is closed. Default: 64 MiB, or four times `maxFrameBytes` if that is more.
   */
  readonly maxHeldBytes?: number;
  /** How long {@link AttachedServer.drain} waits for calls in flight, in milliseconds. Default 10 s. */
  readonly drainMs?: number;
}

const NAMES = [
  'maxFrameBytes',
  'frameTimeoutMs',
  'idleTimeoutMs',
  'maxConnections',
  'maxHeldBytes',
  'drainMs',
] as const;

const DURATION = { min: 1, max: Number.POSITIVE_INFINITY, fraction: true };
const DRAIN = { min: 0, max: Number.POSITIVE_INFINITY, fraction: true };
/** The length of a frame is a number of 31 bits. */
const MAX_FRAME = 2 ** 31 - 1;
const COUNT = { min: 1, max: Number.POSITIVE_INFINITY };

/** @throws TypeError or RangeError that names option and value. */
export function resolveAttachOptions(owner: string, options: AttachOptions): Required<AttachOptions> {
  refuseUnknownOptions(owner, options, NAMES);
  const number = (name: keyof AttachOptions, fallback: number, bounds: typeof DRAIN | typeof COUNT): number =>
    numberOption(owner, name, options[name], fallback, bounds);
  const maxFrameBytes = number('maxFrameBytes', 16_384_000, { min: 1, max: MAX_FRAME });
  // A message that is allowed has to have room.
  const held = { min: maxFrameBytes, max: Number.POSITIVE_INFINITY };
  return {
    maxFrameBytes,
    frameTimeoutMs: number('frameTimeoutMs', 30_000, DURATION),
    idleTimeoutMs: number('idleTimeoutMs', 3_600_000, DURATION),
    maxConnections: number('maxConnections', 10_000, COUNT),
    maxHeldBytes: number('maxHeldBytes', Math.max(64 * 1024 * 1024, 4 * maxFrameBytes), held),
    drainMs: number('drainMs', 10_000, DRAIN),
  };
}

/** @throws TypeError or RangeError that names the value. */
export function drainMsOption(owner: string, value: number | undefined, fallback: number): number {
  return numberOption(owner, 'drainMs', value, fallback, DRAIN);
}
